/* SPDX-License-Identifier: BSD-2-Clause */
/* Unattended machines: boot-timeout, on-fail, lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#undef fail
#include "bios/console.h"
#include "boot/boot_timer.h"
#include "boot/exit_method.h"
#include "boot/on_fail.h"
#include "cmdline/command.h"
#include "lib/error.h"
#include "lib/settings.h"
#include "netstack/net.h"
#include "test/host/host.h"

static jmp_buf out;
static const char *left;

static void leave(const char *how)
{
	left = how;
	longjmp(out, 1);
}

static int setup(void **state)
{
	host_reset();
	host_clock_set_ms(1000);
	settings_reset();
	host_left = leave;
	left = "";
	return 0;
}

static int teardown(void **state)
{
	setting_store("boot-timeout", "", SOURCE_CMDLINE);
	settings_reset();
	return 0;
}

static void set(const char *name, const char *value)
{
	assert_int_equal(setting_store(name, value, SOURCE_CMDLINE), 0);
}

/* How the machine was left, "" when the boot is to be tried again. */
static const char *act(const char *fallback)
{
	if (!setjmp(out))
		on_fail_act(fallback);
	return left;
}

static int script(const char *text)
{
	return script_run("test", text, strlen(text));
}

/* ---- boot-timeout ---- */

static void a_retry_loop_ends(void **state)
{
	set("boot-timeout", "5");
	assert_int_not_equal(script("#!ipxe\n:again\nsleep 1 || goto again\ngoto again\n"), 0);
	assert_true(boot_timer_expired());
	assert_in_range(clock_ms(), 6000, 7500);
	boot_timer_stop();
	assert_false(boot_timer_expired());
	assert_int_equal(script("#!ipxe\nsleep 10\n"), 0);
}

static void nobody_at_the_shell(void **state)
{
	set("boot-timeout", "5");
	assert_int_not_equal(script("#!ipxe\nt-none || shell\necho not-reached\n"), 0);
	assert_true(boot_timer_expired());
	assert_null(strstr(host_output(), "not-reached\n"));
}

static void a_key_stops_the_clock(void **state)
{
	set("boot-timeout", "5");
	host_keys("sleep 20\rexit\r");
	assert_int_equal(script("#!ipxe\nshell\necho after\n"), 0);
	assert_false(boot_timer_expired());
	assert_non_null(strstr(host_output(), "after\n"));
}

static void a_script_sets_its_own_time(void **state)
{
	host_clock_advance_ms(60000);
	assert_int_not_equal(script("#!ipxe\nset boot-timeout 3\nsleep 2\necho two\nsleep 10\n"),
			     0);
	assert_non_null(strstr(host_output(), "two\n"));
	assert_true(boot_timer_expired());
}

/* ---- on-fail ---- */

static void actions(void **state)
{
	assert_string_equal(act("exit"), "leave_to_bios");
	set("on-fail", "reboot");
	assert_string_equal(act("exit"), "power_reboot");
	set("on-fail", "local,3");
	assert_string_equal(act("exit"), "leave_to_bios");
	left = "";
	set("on-fail", "retry");
	assert_string_equal(act("exit"), "");
	host_output_clear();
	on_fail_check();
	assert_string_equal(host_output(), "");
}

static void delays(void **state)
{
	uint64_t start = clock_ms();

	set("on-fail", "retry,30");
	assert_string_equal(act("exit"), "");
	assert_in_range(clock_ms() - start, 29000, 31500);
	assert_non_null(strstr(host_output(), "Trying again in 30 s, any key opens the shell"));
	start = clock_ms();
	host_keys("xexit\r");
	act("exit");
	assert_true(clock_ms() - start < 5000);
	assert_non_null(strstr(host_output(), "iPXE> "));
}

/* Ctrl-C is a key as well, whoever sees it first. */
static void lean_on_ctrl_c(void)
{
	if (!strstr(host_output(), "iPXE> "))
		host_key(KEY_CTRL_C);
	else
		host_keys("exit\r");
}

static void ctrl_c_ends_the_countdown(void **state)
{
	uint64_t start = clock_ms();

	set("on-fail", "retry,30");
	host_turn = lean_on_ctrl_c;
	act("exit");
	host_turn = NULL;
	assert_true(clock_ms() - start < 5000);
	assert_non_null(strstr(host_output(), "iPXE> "));
}

static void nonsense_is_said_at_once(void **state)
{
	static const char *const values[] = {"explode",	       "retry,", "retry,x",
					     "retry,99999999", ",",	 ""};

	for (unsigned i = 0; i + 1 < ARRAY_SIZE(values); i++) {
		set("on-fail", values[i]);
		host_output_clear();
		on_fail_check();
		assert_non_null(strstr(host_output(), "is not known: use exit"));
		assert_string_equal(act("exit"), "leave_to_bios");
	}
}

/* ---- exit-method ---- */

static const char *leave_by(const char *method)
{
	set("exit-method", method);
	if (!setjmp(out))
		exit_leave();
	return left;
}

static int no_power_off(void)
{
	return fail(E_POWER_OFF, "no power-off here");
}

static void ways_out(void **state)
{
	if (!setjmp(out))
		exit_leave();
	assert_string_equal(left, "leave_to_bios");
	assert_string_equal(leave_by("int19"), "leave_to_bootstrap");
	assert_string_equal(leave_by("reset"), "power_reboot");
	assert_string_equal(leave_by("halt"), "real_idle");
	assert_string_equal(act("exit"), "real_idle");
	host_power_off = no_power_off;
	assert_string_equal(leave_by("poweroff"), "real_idle");
	assert_non_null(strstr(host_output(), "no power-off here"));
	assert_string_equal(leave_by("disk"), "leave_to_bios");
	assert_non_null(strstr(host_output(), "no local hard disk; going on with the BIOS"));
	host_output_clear();
	exit_method_check();
	assert_string_equal(host_output(), "");
	assert_string_equal(leave_by("int20"), "leave_to_bios");
	assert_non_null(strstr(host_output(), "exit-method=int20 is not known"));
	host_output_clear();
	exit_method_check();
	assert_non_null(strstr(host_output(), "exit-method=int20 is not known"));
}

/* ---- lock ---- */

static void locked_machines_have_no_shell(void **state)
{
	set("lock", "1");
	set("on-fail", "shell");
	host_keys("echo in-the-shell\rexit\r");
	assert_string_equal(act("exit"), "leave_to_bios");
	assert_null(strstr(host_output(), "in-the-shell"));
	set("on-fail", "reboot");
	host_keys("x");
	assert_string_equal(act("exit"), "power_reboot");
	assert_null(strstr(host_output(), "opens the shell"));
	assert_int_equal(command_line("shell"), E_CMD_LOCKED);
}

/* What is said behind a script is said of none of its commands. */
static void the_last_command_is_over(void **state)
{
	assert_int_not_equal(script("#!ipxe\nnosuch\n"), 0);
	host_output_clear();
	report_failure(fail(E_BOOT_TIMEOUT, "nothing has booted in 3 s"));
	assert_int_equal(strncmp(host_output(), "nothing has booted", 18), 0);
}

/* What the command line says of it no server takes back; a script may. */
static void a_lock_is_the_administrators(void **state)
{
	setting_store("lock", "1", SOURCE_CMDLINE);
	setting_store_raw("net0.dhcp", "lock", NULL, "\0", 1, SOURCE_DHCP);
	setting_store_raw("proxydhcp", "lock", NULL, "\0", 1, SOURCE_DHCP);
	settings_set_netx("net0");
	assert_true(shell_locked());
	assert_int_equal(command_line("set lock 0"), 0);
	assert_false(shell_locked());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(a_retry_loop_ends),
		TEST(nobody_at_the_shell),
		TEST(a_key_stops_the_clock),
		TEST(a_script_sets_its_own_time),
		TEST(actions),
		TEST(delays),
		TEST(ctrl_c_ends_the_countdown),
		TEST(nonsense_is_said_at_once),
		TEST(ways_out),
		TEST(locked_machines_have_no_shell),
		TEST(the_last_command_is_over),
		TEST(a_lock_is_the_administrators),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
