/* SPDX-License-Identifier: BSD-2-Clause */
/* Doubly linked circular list whose links live inside the listed structures. */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include "lib/base.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name)                                                                            \
	{                                                                                          \
		&(name), &(name)                                                                   \
	}

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}
static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}
static inline void list_insert_after(struct list *pos, struct list *entry)
{
	entry->next = pos->next;
	entry->prev = pos;
	pos->next->prev = entry;
	pos->next = entry;
}
static inline void list_append(struct list *head, struct list *entry)
{
	list_insert_after(head->prev, entry);
}
/** Unlink @entry and leave it as an empty list, so that removing twice is harmless. */
static inline void list_remove(struct list *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	list_init(entry);
}

#define list_entry(link, type, member) container_of(link, type, member)
#define list_first(head, type, member)                                                             \
	(list_empty(head) ? NULL : list_entry((head)->next, type, member))
#define list_for_each(var, head, member)                                                           \
	for (var = list_entry((head)->next, __typeof__(*var), member); &var->member != (head);     \
	     var = list_entry(var->member.next, __typeof__(*var), member))
/** As list_for_each, but @var may be removed in the body; @tmp is a second cursor. */
#define list_for_each_safe(var, tmp, head, member)                                                 \
	for (var = list_entry((head)->next, __typeof__(*var), member),                             \
	    tmp = list_entry(var->member.next, __typeof__(*var), member);                          \
	     &var->member != (head);                                                               \
	     var = tmp, tmp = list_entry(tmp->member.next, __typeof__(*var), member))

#endif
