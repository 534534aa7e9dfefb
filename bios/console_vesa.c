/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The video card's linear framebuffer: VESA BIOS Extension 2.0, functions
 * 4F00h (controller), 4F01h (mode), 4F02h (set mode); the font from the video
 * ROM (INT 10h AX=1130h).
 */
#include "bios/console.h"
#include "bios/console_internal.h"
#include "bios/gate.h"
#include "lib/error.h"
#include "lib/framebuffer.h"

#define VBE_OK	       0x004f
#define MODES_MAX      256
#define MODE_END       0xffff
#define MODE_LINEAR    0x4000 /* flag for 4F02h */
#define SUPPORTED      0x0001 /* mode attributes */
#define GRAPHICS       0x0010
#define LINEAR	       0x0080
#define DEPTH_MIN      15u
#define DIRECT_COLOUR  6 /* memory model */
#define FONT_8X16      6
#define BYTES_PER_FONT (256 * GLYPH_HEIGHT)
#define TEXT_MODE      3

/* Two structures of VBE 2.0, section 4, as far as they are used. */
struct vbe_controller {
	char signature[4]; /* in: "VBE2", out: "VESA" */
	uint16_t version;
	uint32_t oem;
	uint32_t capabilities;
	uint16_t modes_offset, modes_segment;
	uint8_t rest[512 - 18];
} PACKED;

struct vbe_mode {
	uint16_t attributes;
	uint8_t windows[14];
	uint16_t pitch;
	uint16_t width, height;
	uint8_t cell_width, cell_height, planes;
	uint8_t bits;
	uint8_t banks, model, bank_size, pages, reserved;
	uint8_t red_size, red_position, green_size, green_position, blue_size, blue_position;
	uint8_t reserved_size, reserved_position, direct_colour_info;
	uint32_t address;
	uint8_t reserved2[6];
	uint16_t linear_pitch; /* VBE 3.0; 0: older */
	uint8_t rest[256 - 52];
} PACKED;

_Static_assert(sizeof(struct vbe_controller) == 512 && sizeof(struct vbe_mode) == 256, "VBE 2.0");

static uint8_t font[BYTES_PER_FONT];

static bool vbe_call(struct real_regs *regs)
{
	bios_call(0x10, regs);
	return (regs->eax & 0xffff) == VBE_OK;
}

static unsigned list_modes(uint16_t *modes)
{
	struct vbe_controller *controller = low_buffer();
	struct real_regs regs = {
		.eax = 0x4f00, .es = real_segment(controller), .edi = real_offset(controller)};
	const uint16_t *list;
	unsigned count = 0;

	memset(controller, 0, sizeof(*controller));
	memcpy(controller->signature, "VBE2", 4);
	if (!vbe_call(&regs) || memcmp(controller->signature, "VESA", 4) ||
	    controller->version < 0x0200)
		return 0;
	list = real_linear(controller->modes_segment, controller->modes_offset);
	while (count < MODES_MAX && get_le16(&list[count]) != MODE_END) {
		modes[count] = get_le16(&list[count]);
		count++;
	}
	return count;
}

static bool read_mode(uint16_t number, struct vbe_mode *mode)
{
	struct vbe_mode *buffer = low_buffer();
	struct real_regs regs = {.eax = 0x4f01,
				 .ecx = number,
				 .es = real_segment(buffer),
				 .edi = real_offset(buffer)};
	const uint16_t wanted = SUPPORTED | GRAPHICS | LINEAR;

	memset(buffer, 0, sizeof(*buffer));
	if (!vbe_call(&regs))
		return false;
	*mode = *buffer;
	return (mode->attributes & wanted) == wanted && mode->model == DIRECT_COLOUR &&
	       mode->address && mode->bits >= DEPTH_MIN && mode->bits <= 32;
}

/* The smallest mode that is large enough; of those the one with the fewest bits that were asked
 * for, or else with the most. */
static bool find_mode(const struct console_graphics *want, uint16_t *number, struct vbe_mode *best)
{
	static uint16_t modes[MODES_MAX];
	unsigned count = list_modes(modes);
	uint64_t best_size = UINT64_MAX;

	for (unsigned i = 0; i < count; i++) {
		struct vbe_mode mode;
		uint64_t size;

		if (!read_mode(modes[i], &mode) || mode.width < want->width ||
		    mode.height < want->height || mode.bits < want->depth)
			continue;
		size = ((uint64_t)mode.width * mode.height) << 8 |
		       (want->depth ? mode.bits : 64u - mode.bits);
		if (size < best_size) {
			best_size = size;
			*best = mode;
			*number = modes[i];
		}
	}
	return best_size != UINT64_MAX;
}

static void read_font(void)
{
	struct real_regs regs = {.eax = 0x1130, .ebx = FONT_8X16 << 8};

	bios_call(0x10, &regs);
	memcpy(font, real_linear(regs.es, (uint16_t)regs.ebp), sizeof(font));
}

int vesa_open(const struct console_graphics *want)
{
	struct vbe_mode mode;
	uint16_t number = 0;
	struct real_regs regs = {.eax = 0x4f02};
	struct framebuffer fb = {
		.font = font,
		.left = want->left,
		.right = want->right,
		.top = want->top,
		.bottom = want->bottom,
	};
	int rc;

	if (!find_mode(want, &number, &mode))
		return fail(E_NO_GRAPHICS,
			    "the video BIOS has no mode of %u x %u pixels in %u or more bits",
			    want->width, want->height, max(want->depth, DEPTH_MIN));
	read_font();
	regs.ebx = number | MODE_LINEAR;
	if (!vbe_call(&regs))
		return fail(E_NO_GRAPHICS, "the video BIOS refused mode 0x%x (%u x %u)", number,
			    mode.width, mode.height);
	fb.pixels = (uint8_t *)mode.address;
	fb.width = mode.width;
	fb.height = mode.height;
	fb.pitch = mode.linear_pitch ? mode.linear_pitch : mode.pitch;
	fb.bytes = (mode.bits + 7u) / 8;
	fb.red = (struct pixel_field){mode.red_position, mode.red_size};
	fb.green = (struct pixel_field){mode.green_position, mode.green_size};
	fb.blue = (struct pixel_field){mode.blue_position, mode.blue_size};
	rc = framebuffer_open(&fb, want->picture);
	if (rc)
		vesa_close();
	return rc;
}

void vesa_close(void)
{
	struct real_regs regs = {.eax = TEXT_MODE};

	framebuffer_close();
	bios_call(0x10, &regs);
}
