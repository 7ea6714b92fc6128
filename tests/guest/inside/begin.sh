#!/bin/sh
# begin.sh: in the guest, as root: the panel, the project, and its tests.
set -e
here=$(dirname "$0")
modprobe -a spidev spi_mcp3208_sim gpio_sim
# The name of the sound card on a Terminal Tedium.
modprobe snd_aloop index=0 id=sndrpiproto
"$here/lines.sh"

cd /srv/guest
mkdir results
/venv/bin/pip install --no-index --no-deps --quiet wheels/*.whl
cd sources
# On the guest's own clock, which waits for nothing that its host does meanwhile.
exec timeout 600 /venv/bin/python -m pytest -v -p no:cacheprovider --junit-xml=/srv/guest/results/tests.xml \
    -k "$(cat ../chosen)" tests/guest/inside
