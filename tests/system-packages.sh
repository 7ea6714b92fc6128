#!/usr/bin/env bash
# Installs what the tests need from the system; quick when it is there, and never a reason to fail:
# tests of real parts say themselves what they miss.
set -uo pipefail

# package, and the command by which another system's package is recognised
needed=(gcc:gcc libc6-dev: jackd2:jackd jack-tools:jack_lsp jack-capture:jack_capture libportaudio2:
    liblo-tools:oscsend puredata-core:pd systemd:systemd-analyze)
missing=()
for row in "${needed[@]}"; do
    package=${row%%:*} command=${row#*:}
    [[ -n $command ]] && command -v "$command" >/dev/null && continue
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
"${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
# The drivers of a board come as sources.
"${PYTHON:-python3}" -c 'import sysconfig; open(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null ||
    missing+=(python3-dev)
((${#missing[@]})) || exit 0

if ! command -v apt-get >/dev/null; then
    printf 'tests: not a Debian system; some tests need the likes of: %s\n' "${missing[*]}"
    exit 0
fi
as_root=()
if ((EUID != 0)); then
    if ! sudo -n true 2>/dev/null; then
        printf 'tests: some tests need packages; install them with: sudo apt-get install %s\n' "${missing[*]}"
        exit 0
    fi
    as_root=(sudo -n)
fi
printf 'tests: installing %s\n' "${missing[*]}"
install=(env DEBIAN_FRONTEND=noninteractive apt-get)
"${as_root[@]}" "${install[@]}" update -qq &&
    "${as_root[@]}" "${install[@]}" install -y -qq --no-install-recommends "${missing[@]}" ||
    printf 'tests: could not install %s; going on without\n' "${missing[*]}"
