#!/bin/sh
# lines.sh: two chips of GPIO lines, of which the second is a Raspberry Pi 4's by its label.
set -e
chips=/sys/kernel/config/gpio-sim

# chip NAME LINES LABEL
chip() {
    mkdir -p "$chips/$1/bank"
    echo "$2" >"$chips/$1/bank/num_lines"
    echo "$3" >"$chips/$1/bank/label"
    echo 1 >"$chips/$1/live"
}
chip expander 8 raspberrypi-exp-gpio
chip header 54 pinctrl-bcm2711
