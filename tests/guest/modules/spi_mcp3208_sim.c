// SPDX-License-Identifier: GPL-2.0
/*
 * An SPI bus with an MCP3208 at chip select 1, as on a Terminal Tedium, answering clock by clock.
 *
 * Everything is in /sys/module/spi_mcp3208_sim/parameters: the counts that the channels read are
 * written there while it runs, and there it tells what it was asked.
 */
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/spi/spi.h>

#define CHANNELS 8
#define CHIP_SELECT 1
#define COMMAND_BITS 4 /* single-ended or differential, and three of the channel */
#define DATA_BITS 12
#define FULL_SCALE ((1 << DATA_BITS) - 1)
#define FIRST_DATA_CLOCK 3 /* after the command one clock samples and one gives a null bit */
#define LAST_DATA_CLOCK (FIRST_DATA_CLOCK + DATA_BITS - 1)

static int counts[CHANNELS];
module_param_array(counts, int, NULL, 0644);
MODULE_PARM_DESC(counts, "what the channels read, 0 to 4095");

static int stuck = -1;
module_param(stuck, int, 0644);
MODULE_PARM_DESC(stuck, "0 or 1: the chip's answer is cut off and reads so; -1: it is connected");

static ulong transfers;
module_param(transfers, ulong, 0444);
MODULE_PARM_DESC(transfers, "transfers so far");

static uint conversions[CHANNELS];
module_param_array(conversions, uint, NULL, 0444);
MODULE_PARM_DESC(conversions, "conversions of each channel so far");

static uint last_hz;
module_param(last_hz, uint, 0444);
MODULE_PARM_DESC(last_hz, "clock of the last transfer");

static uint last_mode;
module_param(last_mode, uint, 0444);
MODULE_PARM_DESC(last_mode, "SPI mode of the last transfer");

/* What the chip knows since it was selected. */
static struct {
	bool started;
	u8 command_bits, command;
	u16 clocks; /* since the command */
	u16 sample;
} chip;

static struct platform_device *device;
static struct spi_master *bus;

static u16 sample_of(u8 command)
{
	u8 channel = command & (CHANNELS - 1);
	bool single_ended = command & CHANNELS;
	/* A differential input is the even and the odd neighbour; the channel's last bit turns it around. */
	int value = single_ended ? counts[channel] : counts[channel] - counts[channel ^ 1];

	conversions[channel]++;
	return clamp(value, 0, FULL_SCALE);
}

/* One clock: the bit that goes in, the bit that comes out. */
static bool clock_once(bool in)
{
	if (!chip.started) {
		chip.started = in;
		return false;
	}
	if (chip.command_bits < COMMAND_BITS) {
		chip.command = chip.command << 1 | in;
		if (++chip.command_bits == COMMAND_BITS)
			chip.sample = sample_of(chip.command);
		return false;
	}
	chip.clocks++;
	if (chip.clocks < FIRST_DATA_CLOCK)
		return false;
	if (chip.clocks <= LAST_DATA_CLOCK)
		return chip.sample >> (LAST_DATA_CLOCK - chip.clocks) & 1;
	/* Clocked on, it says the same again, lowest bit first, and then zeros. */
	if (chip.clocks < LAST_DATA_CLOCK + DATA_BITS)
		return chip.sample >> (chip.clocks - LAST_DATA_CLOCK) & 1;
	return false;
}

static bool wire(bool bit)
{
	return stuck < 0 ? bit : stuck;
}

static void select_chip(struct spi_device *spi, bool high)
{
	memset(&chip, 0, sizeof(chip));
}

static int transfer(struct spi_master *master, struct spi_device *spi, struct spi_transfer *what)
{
	const u8 *out = what->tx_buf;
	u8 *in = what->rx_buf;
	unsigned int i;

	transfers++;
	last_hz = what->speed_hz;
	last_mode = spi->mode & SPI_MODE_X_MASK;
	if (in)
		memset(in, 0, what->len);
	for (i = 0; i < what->len * 8; i++) {
		u8 mask = 0x80 >> i % 8;
		bool bit = wire(clock_once(out && out[i / 8] & mask));

		if (in && bit)
			in[i / 8] |= mask;
	}
	return 0;
}

static int __init begin(void)
{
	/* One of the names that spidev takes; it has none of its own for an MCP3208. */
	struct spi_board_info info = { .modalias = "dh2228fv", .chip_select = CHIP_SELECT, .max_speed_hz = 2000000 };
	int error;

	device = platform_device_register_simple("spi-mcp3208-sim", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	bus = devm_spi_alloc_master(&device->dev, 0);
	error = bus ? 0 : -ENOMEM;
	if (!error) {
		bus->bus_num = 0;
		bus->num_chipselect = CHIP_SELECT + 1;
		bus->mode_bits = SPI_MODE_X_MASK;
		bus->bits_per_word_mask = SPI_BPW_MASK(8);
		bus->set_cs = select_chip;
		bus->transfer_one = transfer;
		error = spi_register_master(bus);
	}
	if (!error && !spi_new_device(bus, &info)) {
		spi_unregister_master(bus);
		error = -ENODEV;
	}
	if (error)
		platform_device_unregister(device);
	return error;
}

static void __exit end(void)
{
	spi_unregister_master(bus);
	platform_device_unregister(device);
}

module_init(begin);
module_exit(end);
MODULE_DESCRIPTION("An SPI bus with a simulated MCP3208");
MODULE_LICENSE("GPL");
