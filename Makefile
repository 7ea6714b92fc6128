# One virtual environment in two sizes: what a musician needs to hear it, what a developer needs to check it.
VENV ?= .venv
PYTHON ?= python3

BIN := $(VENV)/bin
PLAYABLE := $(VENV)/.playable
CHECKABLE := $(VENV)/.checkable
KERNEL := $(wildcard ddsp_pi/native/*.[ch]) hatch_build.py
PERFORMANCES := violin-phrase sequencer-line
PHRASES := two-notes minor-triad minor-triad-long
# A sung phrase: three mixtures of singer and violin, and two other instruments, for docs/cross.md.
CROSSED := violin-0 violin-0.5 violin-1 flute-0.5 cello-0.5
SING := render --mode cross --audio configs/recordings/sung-phrase.flac
# A real snare that plays another drum.
DRUM := render --preset snare_1 --audio configs/recordings/snare-phrase.flac

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo setup test lint instruments docs arm64 guest appliance release clean packages $(PERFORMANCES) \
	sung-phrase $(CROSSED) $(PHRASES) snare-phrase snare-phrase-mixed drums

help:
	@echo "make demo    hear it: plays two performances, a sung phrase, three of a guitar and a snare into out/"
	@echo "make setup   make this Raspberry Pi a module that plays when it is switched on: BOARD=NAME; asks for sudo"
	@echo "make test    install what the tests need, then check style and types and run them"
	@echo "make lint    check style and types only"
	@echo "make instruments    measure every shipped instrument again, on recordings it never heard"
	@echo "make docs    draw the studies and the boards again, renew the tables in docs/ and hardware/"
	@echo "make arm64   install and test on an emulated Raspberry Pi and count instructions per block; needs root"
	@echo "             BUDGET=write keeps the counts as the new budget, ONLY=count does that step alone;"
	@echo "             ONLY=appliance boots it with systemd, as a module"
	@echo "make guest   test converter, gates, buttons and sound in an emulated machine with a kernel of its own;"
	@echo "             needs root and 9 minutes; in the guest that is there: ONLY=run, some tests: TESTS=lines"
	@echo "make appliance   boot a Debian with systemd and try the module as a service: crashes, hangs, power cuts;"
	@echo "             needs root; some scenarios: TESTS=setup"
	@echo "make release   the wheel in dist/, and a folder for a USB stick with all that it needs; STICK=aarch64: for a Pi"
	@echo "make clean   remove out/, builds and caches; $(VENV)/ and runs/ stay"

demo: $(PERFORMANCES) sung-phrase $(PHRASES) snare-phrase snare-phrase-mixed
	@echo
	@echo "Made, each with a picture beside it:"
	@printf '    %s\n' $(PERFORMANCES:%=out/%.wav) out/sung-phrase.wav $(PHRASES:%=out/%.wav) \
		out/snare-phrase.wav out/snare-phrase-mixed.wav
	@echo "To play live, without a rack:"
	@echo "    $(BIN)/ddsp-pi run --sim"

$(PERFORMANCES): $(PLAYABLE)
	@mkdir -p out
	$(BIN)/ddsp-pi render --mode cv --model violin --cv configs/performances/$@.csv -o out/$@.wav --plot out/$@.png

sung-phrase: $(PLAYABLE)
	@mkdir -p out
	$(BIN)/ddsp-pi $(SING) --model violin --set pitch_shift=12 -o out/$@.wav --plot out/$@.png

$(PHRASES): $(PLAYABLE)
	@mkdir -p out
	$(BIN)/ddsp-pi render --mode style --midi configs/phrases/$@.mid -o out/$@.wav --plot out/$@.png

snare-phrase: $(PLAYABLE)
	@mkdir -p out
	$(BIN)/ddsp-pi $(DRUM) -o out/$@.wav --plot out/$@.png

snare-phrase-mixed: $(PLAYABLE)
	@mkdir -p out
	$(BIN)/ddsp-pi $(DRUM) --set dry_wet=0.5 -o out/$@.wav --plot out/$@.png

setup: $(PLAYABLE)
	sudo $(abspath $(BIN))/ddsp-pi setup $(if $(BOARD),--board $(BOARD))

test: lint
	# Two workers have two cores: a second thread of each for its matrices would wait, at full speed, for the other's.
	# Each takes its tests in stretches, so that most of what a module prepares is prepared once.
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal -m "not real"
	# A live audio server wants the machine for itself, and where neighbours take it away, another try.
	$(BIN)/pytest -m real --reruns 2

lint: $(CHECKABLE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

instruments: $(CHECKABLE)
	$(BIN)/pytest -v tests/train/test_shipped_instruments.py

docs: $(CHECKABLE) $(CROSSED) drums
	$(BIN)/ddsp-pi study -o docs/trimming
	$(BIN)/ddsp-pi models list --markdown > docs/instruments.md
	$(BIN)/python -m hardware.generate
	@# Enter, and again, until it has all its points; what it keeps goes.
	folder=$$(mktemp -d) && yes '' | DDSP_PI_DATA=$$folder $(BIN)/ddsp-pi calibrate --sim --plot docs/calibration.png \
		&& rm -r $$folder

$(CROSSED): $(CHECKABLE)
	@mkdir -p out
	$(BIN)/ddsp-pi $(SING) --model $(word 1,$(subst -, ,$@)) --set model_mix=$(word 2,$(subst -, ,$@)) --set pitch_shift=12 \
		-o out/cross-$@.wav --plot docs/cross/$@.png

drums: $(CHECKABLE)
	@mkdir -p out
	$(BIN)/ddsp-pi $(DRUM) -o out/snare-phrase.wav --plot docs/drums/snare_1.png
	$(BIN)/python -m tests.drums_compared

arm64: $(CHECKABLE)
	$(BIN)/python -m tests.arm64 $(if $(BUDGET),--budget $(BUDGET)) $(if $(ONLY),--only $(ONLY))

guest: | $(BIN)/pip
	$(BIN)/python -m tests.guest $(if $(ONLY),--only $(ONLY)) $(if $(TESTS),--tests '$(TESTS)')

appliance: $(CHECKABLE)
	$(BIN)/python -m tests.appliance $(if $(ONLY),--only $(ONLY)) $(if $(TESTS),--tests '$(TESTS)')

release: | $(BIN)/pip
	$(BIN)/python make_release.py $(if $(STICK),--stick $(STICK))

clean:
	rm -rf out dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find ddsp_pi tests -name __pycache__ -type d -prune -exec rm -rf {} +

packages:
	@PYTHON="$(PYTHON)" tests/system-packages.sh

$(PLAYABLE): pyproject.toml ddsp_pi/__init__.py $(KERNEL) | $(BIN)/pip
	$(BIN)/pip install -q -e '.[plot,files]'
	@touch $@

# The board's drivers are compiled, for which the system must have a compiler and Python's headers.
$(CHECKABLE): pyproject.toml ddsp_pi/__init__.py $(KERNEL) | packages $(BIN)/pip
	$(BIN)/pip install -q -e '.[train,dev]'
	@touch $@ $(PLAYABLE)

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "ddsp-pi needs Python 3.11 or newer; name one: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "Python lacks its venv module; on Debian and Pi OS: sudo apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
