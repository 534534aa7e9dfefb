/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of lines on the full screen, of which one is selected; see cmdline/tui.h. */
#include "cmdline/tui.h"
#include "bios/console.h"

#define TOP   3 /* below the title and the row for "..." */
#define BELOW 4 /* rows behind the list: "...", an empty one, alert, hint */

void tui_list_open(struct tui_list *list)
{
	list->top = TOP;
	list->rows = tui_rows() > TOP + BELOW ? tui_rows() - TOP - BELOW : 1;
	list->first = list->selected = 0;
	list->drawn = false;
	while (list->selected + 1 < list->count && !list->selectable(list->ctx, list->selected))
		list->selected++;
}

/* The nearest selectable line from @from in steps of @step; @from's own position if there is none.
 */
static unsigned find(const struct tui_list *list, unsigned from, int step)
{
	for (unsigned i = from; i < list->count; i += (unsigned)step) {
		if (list->selectable(list->ctx, i))
			return i;
	}
	return list->selected;
}

static void into_view(struct tui_list *list)
{
	unsigned last_first = list->count > list->rows ? list->count - list->rows : 0;

	if (list->selected < list->first)
		list->first = list->selected;
	if (list->selected >= list->first + list->rows)
		list->first = list->selected - list->rows + 1;
	/* Headings above the first line, and what stands below the last one, can be seen too. */
	if (find(list, 0, 1) == list->selected && list->selected < list->rows)
		list->first = 0;
	if (find(list, list->count - 1, -1) == list->selected && list->selected >= last_first)
		list->first = last_first;
}

void tui_list_select(struct tui_list *list, unsigned index)
{
	list->selected = index;
	into_view(list);
}

static unsigned page(const struct tui_list *list, bool down)
{
	unsigned to;

	if (down)
		to = min(list->selected + list->rows, list->count - 1);
	else
		to = list->selected > list->rows ? list->selected - list->rows : 0;
	if (list->selectable(list->ctx, to))
		return to;
	/* A line that cannot be selected: the next one in this direction, else the nearest before.
	 */
	for (unsigned i = to; i < list->count; i += down ? 1u : -1u) {
		if (list->selectable(list->ctx, i))
			return i;
	}
	return find(list, to, down ? -1 : 1);
}

bool tui_list_key(struct tui_list *list, int key)
{
	unsigned to = list->selected;

	switch (key) {
	case KEY_UP:
	case KEY_CTRL_P:
		to = find(list, to - 1, -1);
		break;
	case KEY_DOWN:
	case KEY_CTRL_N:
		to = find(list, to + 1, 1);
		break;
	case KEY_TAB:
		to = find(list, to + 1, 1);
		if (to == list->selected)
			to = find(list, 0, 1);
		break;
	case KEY_PAGE_UP:
		to = page(list, false);
		break;
	case KEY_PAGE_DOWN:
		to = page(list, true);
		break;
	case KEY_HOME:
		to = find(list, 0, 1);
		break;
	case KEY_END:
		to = find(list, list->count - 1, -1);
		break;
	default:
		return false;
	}
	tui_list_select(list, to);
	return true;
}

static void draw_line(struct tui_list *list, unsigned index)
{
	list->draw(list->ctx, index, list->top + index - list->first, index == list->selected);
}

static void draw_marker(unsigned row, bool more)
{
	tui_put(row, 3, 3, more ? PAIR_SEPARATOR : PAIR_NORMAL, more ? "..." : "", TUI_NO_MARK);
}

void tui_list_draw(struct tui_list *list)
{
	bool all = !list->drawn || list->drawn_first != list->first;

	if (all) {
		draw_marker(list->top - 1, list->first > 0);
		draw_marker(list->top + list->rows, list->first + list->rows < list->count);
		for (unsigned i = 0; i < list->rows; i++) {
			if (list->first + i < list->count)
				draw_line(list, list->first + i);
			else
				tui_put(list->top + i, 0, tui_columns(), PAIR_NORMAL, "",
					TUI_NO_MARK);
		}
	} else if (list->drawn_selected != list->selected) {
		if (list->drawn_selected < list->count)
			draw_line(list, list->drawn_selected);
		draw_line(list, list->selected);
	}
	list->drawn = true;
	list->drawn_first = list->first;
	list->drawn_selected = list->selected;
}
