/* SPDX-License-Identifier: BSD-2-Clause */
/* What a terminal of 24 rows and 80 columns shows of the host console's output. */
#include <stdio.h>
#include <stdlib.h>
#include "test/host/host.h"
#include "lib/ansi.h"

#define ROWS	24u
#define COLUMNS 80u

static struct {
	char text[ROWS][COLUMNS + 1];
	uint8_t attribute[ROWS][COLUMNS];
	unsigned row, column;
	bool cursor;
} grid;

static void size(unsigned *rows, unsigned *columns)
{
	*rows = ROWS;
	*columns = COLUMNS;
}

static void where(unsigned *row, unsigned *column)
{
	*row = grid.row;
	*column = grid.column;
}

static void move(unsigned row, unsigned column)
{
	if (row >= ROWS || column >= COLUMNS)
		abort();
	grid.row = row;
	grid.column = column;
}

static void clear(unsigned row, unsigned column, unsigned rows, unsigned columns,
		  const struct ansi_style *style)
{
	if (!rows || !columns || row + rows > ROWS || column + columns > COLUMNS)
		abort();
	for (; rows--; row++) {
		memset(&grid.text[row][column], ' ', columns);
		memset(&grid.attribute[row][column], ansi_vga_attribute(style), columns);
	}
}

static void new_line(void)
{
	static const struct ansi_style plain = {ANSI_DEFAULT, ANSI_DEFAULT, false, false};

	if (grid.row + 1 < ROWS) {
		grid.row++;
		return;
	}
	memmove(grid.text[0], grid.text[1], sizeof(grid.text[0]) * (ROWS - 1));
	memmove(grid.attribute[0], grid.attribute[1], sizeof(grid.attribute[0]) * (ROWS - 1));
	clear(ROWS - 1, 0, 1, COLUMNS, &plain);
}

static void put(uint8_t c, const struct ansi_style *style)
{
	if (c == '\r') {
		grid.column = 0;
	} else if (c == '\n') {
		new_line();
	} else if (c == '\b') {
		grid.column -= grid.column > 0;
	} else if (c != 7) {
		grid.text[grid.row][grid.column] = (char)c;
		grid.attribute[grid.row][grid.column] = ansi_vga_attribute(style);
		if (++grid.column == COLUMNS) {
			grid.column = 0;
			new_line();
		}
	}
}

static void cursor(bool on)
{
	grid.cursor = on;
}

static const struct ansi_screen screen = {size, where, move, put, clear, cursor};

static void draw(void)
{
	static const struct ansi_style plain = {ANSI_DEFAULT, ANSI_DEFAULT, false, false};
	struct ansi ansi = ANSI_INIT(&screen);

	memset(&grid, 0, sizeof(grid));
	grid.cursor = true;
	clear(0, 0, ROWS, COLUMNS, &plain);
	ansi_write(&ansi, host_output(), strlen(host_output()));
}

const char *host_screen_row(unsigned row)
{
	unsigned end = COLUMNS;

	draw();
	while (end && grid.text[row][end - 1] == ' ')
		end--;
	grid.text[row][end] = 0;
	return grid.text[row];
}

uint8_t host_screen_attribute(unsigned row, unsigned column)
{
	draw();
	return grid.attribute[row][column];
}

bool host_screen_cursor(unsigned *row, unsigned *column)
{
	draw();
	*row = grid.row;
	*column = grid.column;
	return grid.cursor;
}
