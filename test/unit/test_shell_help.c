/* SPDX-License-Identifier: BSD-2-Clause */
/* What helps at the prompt: search in the history, completion, paging. */
#include "test/unit/shell_test.h"

#define EDITS(keys, line) assert_string_equal(edit(keys), line)

static void test_search(void **state)
{
	history_add(&history, "dhcp net0");
	history_add(&history, "sanhook iscsi:one");
	history_add(&history, "dhcp net1");
	history_add(&history, "echo hi");
	EDITS("\x12"
	      "dhcp\r",
	      "dhcp net1");
	EDITS("\x12"
	      "dhcp\x12\r",
	      "dhcp net0");
	/* No older one: it stays. */
	EDITS("\x12"
	      "dhcp\x12\x12\r",
	      "dhcp net0");
	EDITS("\x12"
	      "sanx\b\r",
	      "sanhook iscsi:one");
	/* Any other key goes on with the line that was found. */
	EDITS("\x12"
	      "net0\x05 --help\r",
	      "dhcp net0 --help");
	EDITS("\x12"
	      "net0\x01X\r",
	      "Xdhcp net0");
	/* Given up: what was there before comes back. */
	EDITS("draft\x12"
	      "net0\x1b!\r",
	      "draft!");
	EDITS("draft\x12"
	      "net0\x07!\r",
	      "draft!");
	EDITS("draft\x12\r", "draft");
	host_output_clear();
	EDITS("\x12"
	      "zzz\r",
	      "");
	assert_non_null(strstr(host_output(), "failed search) z"));
}

static void test_complete_words(void **state)
{
	host_card_add(0, NULL);
	host_card_add(0, NULL);
	setting_store("my-own", "x", SOURCE_SCRIPT);
	setting_store("boxes/first", "x", SOURCE_SCRIPT);
	setting_store("net1/special", "x", SOURCE_SCRIPT);
	assert_non_null(image_add("installer.img", NULL, NULL, 0, 0));
	EDITS("imgst\t\r", "imgstat ");
	EDITS("sanh\tx\r", "sanhook x");
	EDITS("echo hi && ifop\tnet1\r", "echo hi && ifopen net1");
	EDITS("echo hi ; ifst\t\r", "echo hi ; ifstat ");
	EDITS("help expl\t\r", "help explain ");
	EDITS("ifopen n\t1\t\r", "ifopen net1 ");
	EDITS("imgstat inst\t\r", "imgstat installer.img ");
	EDITS("kernel inst\t\r", "kernel installer.img ");
	EDITS("imgfetch --na\tx\r", "imgfetch --name x");
	/* The value of an option is no argument. */
	EDITS("read --timeout 5 my-o\t\r", "read --timeout 5 my-own ");
	EDITS("show my-o\t\r", "show my-own ");
	EDITS("set box\tfir\ty\r", "set boxes/first y");
	EDITS("show net1/sp\t\r", "show net1/special ");
	EDITS("show net1/filena\t\r", "show net1/filename ");
	EDITS("show my-own:hexh\t\r", "show my-own:hexhyp ");
	EDITS("echo a${my-o\tb\r", "echo a${my-own}b");
	EDITS("echo ${net1/spe\t\r", "echo ${net1/special}");
	/* What is computed, of all scopes. */
	EDITS("show smb\tu\t\r", "show smbios/uuid ");
	EDITS("echo ${cpui\tcpuv\t\r", "echo ${cpuid/cpuvendor}");
	EDITS("show acp\tFACP.10.6\r", "show acpi/FACP.10.6");
	EDITS("show memm\tme\t\r", "show memmap/memsize ");
	EDITS("show fea\t\r", "show feature/");
	EDITS("show pci/filen\t\r", "show pci/filen");
	/* Nothing fits. */
	EDITS("nosuch x\t\r", "nosuch x");
	EDITS("show zzzz\t\r", "show zzzz");
	/* In the middle of a line. */
	EDITS("sanh x\x02\x02\t\r", "sanhook  x");
}

/* Names that are several words to the shell. */
static void test_complete_quotes(void **state)
{
	setting_store("my-own", "x", SOURCE_SCRIPT);
	assert_non_null(image_add("my image.img", NULL, NULL, 0, 0));
	EDITS("imgstat my\t-\r", "imgstat 'my image.img' -");
	EDITS("imgstat 'my\t-\r", "imgstat 'my image.img' -");
	EDITS("imgstat \"my im\t-\r", "imgstat \"my image.img\" -");
	EDITS("echo hi && imgstat 'my im\t-\r", "echo hi && imgstat 'my image.img' -");
	/* Several: as far as all go. */
	assert_non_null(image_add("my other.img", NULL, NULL, 0, 0));
	EDITS("imgstat my\t\r", "imgstat 'my ");
	EDITS("imgstat my\to\t\r", "imgstat 'my other.img' ");
	assert_non_null(image_add("mine", NULL, NULL, 0, 0));
	EDITS("imgstat m\t\r", "imgstat m");
	EDITS("imgstat mi\t\r", "imgstat mine ");
	assert_non_null(image_add("a'b \"c\" $", NULL, NULL, 0, 0));
	EDITS("imgstat a\t\r", "imgstat \"a'b \\\"c\\\" \\$\" ");
	assert_non_null(image_add("#x", NULL, NULL, 0, 0));
	EDITS("imgstat '#\t\r", "imgstat '#x' ");
	/* Settings, inside quotation marks only. */
	EDITS("echo \"a b ${my-\t\"\r", "echo \"a b ${my-own}\"");
	EDITS("echo 'a ${my-\t'\r", "echo 'a ${my-'");
	EDITS("show \"my-\t\r", "show \"my-own\" ");
	/* A quote inside a word, and one that is closed. */
	EDITS("imgstat x'my \t'\r", "imgstat x'my '");
	EDITS("imgstat 'my'\t\r", "imgstat 'my'");
}

static void test_complete_ambiguous(void **state)
{
	EDITS("img\t\r", "img");
	assert_null(strstr(host_output(), "imgfetch"));
	host_output_clear();
	EDITS("img\t\tst\t\r", "imgstat ");
	assert_non_null(strstr(host_output(), "imgargs"));
	assert_non_null(strstr(host_output(), "\n> img"));
	/* As far as all go. */
	EDITS("imgf\t\r", "imgf");
	EDITS("san\t\r", "san");
}

static void test_complete_labels(void **state)
{
	struct lines lines = lines_of("#!ipxe\n:begin\n :retry echo\nshell\n:end\n", 38);
	struct frame script = {.script = "s", .lines = &lines}, shell = {0};

	assert_int_equal(frame_enter(&script), 0);
	assert_int_equal(frame_enter(&shell), 0);
	EDITS("goto re\t\r", "goto retry ");
	frame_leave(&shell);
	frame_leave(&script);
}

static void test_complete_without_memory(void **state)
{
	size_t before = host_heap_used();

	for (unsigned n = 1; n < 12; n++) {
		struct completions c;

		host_heap_fail(n, true);
		complete("imgstat 'x sanh", 15, &c);
		completions_free(&c);
		host_heap_fail(n, true);
		complete("sanh", 4, &c);
		completions_free(&c);
		host_heap_fail(0, false);
	}
	assert_int_equal(host_heap_used(), before);
}

/* ---- Paging ---- */

static int run_lines(struct call *call)
{
	for (int i = 1; i <= 60; i++)
		print("line %d.\n", i);
	return 0;
}
TABLE_ENTRY(command, cmd_lines) = {.name = "t-lines", .run = run_lines};

static int run_progress(struct call *call)
{
	for (int i = 1; i <= 60; i++) {
		print("step %d.\n", i);
		wait_turn(DEADLINE_NEVER);
	}
	return 0;
}
TABLE_ENTRY(command, cmd_progress) = {.name = "t-progress", .run = run_progress};

static unsigned count(const char *part)
{
	unsigned n = 0;

	for (const char *p = host_output(); (p = strstr(p, part)); p++)
		n++;
	return n;
}

static void test_pages(void **state)
{
	host_keys("t-lines\r  exit\r");
	shell_run();
	assert_int_equal(count("--more--"), 2);
	assert_non_null(strstr(host_output(), "line 23.\n--more--"));
	assert_non_null(strstr(host_output(), "line 60."));
	/* A line at a time, then enough. */
	host_output_clear();
	host_keys("t-lines\r\r\rxqexit\r");
	shell_run();
	assert_int_equal(count("--more--"), 3);
	assert_non_null(strstr(host_output(), "line 25."));
	assert_null(strstr(host_output(), "line 26."));
	/* Ctrl-C is enough, too; the next command is shown again. */
	host_output_clear();
	host_keys("t-lines\r\x03"
		  "echo again\rexit\r");
	shell_run();
	assert_null(strstr(host_output(), "line 24."));
	assert_non_null(strstr(host_output(), "\nagain\n"));
}

static void test_no_pages(void **state)
{
	const char *text = "#!ipxe\nt-lines\n";

	host_keys("t-progress\rexit\r");
	shell_run();
	assert_int_equal(count("--more--"), 0);
	assert_non_null(strstr(host_output(), "step 60."));
	assert_int_equal(script_run("s", text, strlen(text)), 0);
	assert_int_equal(count("--more--"), 0);
	assert_non_null(strstr(host_output(), "line 60."));
}

/* What is pasted is shown when all of it is there. */
static void test_paste(void **state)
{
	char text[301];

	memset(text, 'x', 300);
	strcpy(text + 296, "end\r");
	host_pasting = true;
	edit(text);
	host_pasting = false;
	assert_true(strlen(host_output()) < 100);
	assert_non_null(strstr(host_output(), "xxxend\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_search, setup, teardown),
		cmocka_unit_test_setup_teardown(test_complete_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_complete_quotes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_complete_ambiguous, setup, teardown),
		cmocka_unit_test_setup_teardown(test_complete_labels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_complete_without_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_paste, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
