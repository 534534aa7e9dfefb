"""People at the keyboard: the shell, menus, forms, and the consoles that show them."""

import socket

import pytest

from bench.machine import Nic
from bench.payload import kernel, probe_initrd
from bench.realmode import Int13Disk
from bench.servers import SERVER
from bench.terminal import Screenshot, Terminal, png, vga_rows

pytestmark = pytest.mark.ours

UP, DOWN, PAGE_DOWN, PAGE_UP, HOME, END = "\x1b[A", "\x1b[B", "\x1b[6~", "\x1b[5~", "\x1b[H", "\x1b[F"
ESC, CTRL_B, CTRL_C, CTRL_R, CTRL_X = "\x1b", "\x02", "\x03", "\x12", "\x18"


@pytest.fixture
def terminal(boot):
    """terminal(script) boots it with a VT100 on the serial line, which the BIOS leaves alone."""

    def start(script="#!ipxe\nshell\n", append=None, **options):
        options.setdefault("nics", [])
        options.setdefault("redirect", False)
        return Terminal(boot(append, script, **options))

    return start


# ---- The shell ----


@pytest.mark.quick
def test_line_editing(terminal):
    t = terminal()
    t.prompt()
    t.send("ehco wurld\x01\x06\x04\x06h\x05\x02\x02\x02\x08o\r")
    t.wait_row("^world$")
    t.send("echo one two\x17three\r")
    t.wait_row("^one three$")
    t.send("garbage\x15echo " + "\x1b[D" * 3 + "\x1b[4~clean\r")
    t.wait_row("^clean$")
    t.send("half a line" + CTRL_C)
    t.prompt()
    t.send(UP + "er\r")
    t.wait_row("^cleaner$")
    # As a web page shows a command.
    t.send("echo caf\u00e9s\x08! \u2013\r")
    t.wait_row("^caf\u00e9! \u2013$")


def test_history_search(terminal):
    t = terminal()
    t.type("echo first-thing")
    t.type("echo second-thing")
    t.prompt()
    t.send(CTRL_R + "thing")
    t.wait_row(r"search\) thing: echo second-thing$")
    t.send(CTRL_R)
    t.wait_row(r"search\) thing: echo first-thing$")
    t.send("\r")
    t.wait(lambda: t.rows().count("first-thing") == 2, "the first line's output again")


def test_completion_and_help(terminal):
    t = terminal(nics=[Nic("virtio"), Nic("82540em", mac="52:54:00:12:34:57")])
    t.prompt()
    t.send("hel\tifst\t")
    t.wait_row("^iPXE> help ifstat$")
    t.send("\r")
    t.wait_row("^Usage:")
    t.prompt()
    t.send("show net1/chi\t\r")
    t.wait_row(r"^net1/chip:string = ")
    t.prompt()
    t.send("img\t\t")
    t.wait_row("imgargs.*imgfetch")
    t.wait(lambda: t.rows()[t.screen.cursor.y] == "iPXE> img", "the line below the list")
    t.send("stat --he\t\r")
    t.wait_row("Usage:")


def test_line_of_4000_characters(terminal):
    t = terminal()
    t.prompt()
    word = "".join(chr(ord("a") + i % 26) for i in range(3900))
    for at in range(0, len(word), 10):  # as fast as it is taken in
        t.send(("set long " if at == 0 else "") + word[at : at + 10])
        end = word[at : at + 10]
        t.wait(lambda: t.rows()[t.screen.cursor.y].endswith(end), end)
    t.send("\r")
    t.prompt()
    t.type("show -q long")
    t.wait_row("^--more--$")
    assert word[:1500] in "".join(t.rows())
    t.send("  ")
    t.prompt()
    assert word[-1000:] in "".join(t.rows())


def test_pages(terminal):
    sets = "".join(f"set v{n:02} x\n" for n in range(1, 41))
    t = terminal(f"#!ipxe\n{sets}shell\n")
    t.type("show")
    t.wait_row("^--more--$")
    shown = t.rows()[22]
    assert "v40:string = x (script)" not in t.rows()
    t.send("\r")
    t.wait(lambda: t.rows()[21] == shown and t.rows()[23] == "--more--", "one more line")
    t.send(" ")
    t.wait_row(r"^v40:string = x \(script\)$")
    t.prompt()
    assert "--more--" not in t.rows()
    t.type("show")
    t.wait_row("^--more--$")
    t.send("q")
    t.prompt()
    assert "v40:string = x (script)" not in t.rows()


def test_ctrl_b_at_start(terminal):
    t = terminal(script=None)
    t.wait_row("Press Ctrl-B")
    t.send(CTRL_B)
    t.prompt()


# ---- Ctrl-C ----

HANGING = {
    "dhcp": "dhcp",
    "sleep": "sleep 1000",
    "prompt": "prompt --timeout 900000 Press something",
    "read": "read who",
    "choose": "menu Stuck && item a A && choose --timeout 900000 x",
    "present": "form Stuck && item who Who && present",
    "login": "login",
    "config": "config",
    "imgfetch": f"imgfetch http://{SERVER}:81/never",
    "unreachable": "imgfetch http://192.0.2.99/never",
    "tftp": "imgfetch tftp://192.0.2.99/never",
    "sanhook": f"sanhook iscsi:{SERVER}::81::iqn.2004-01.com.example:never",
    "ping": "ping 192.0.2.99",
    "iflinkwait": "iflinkwait --timeout 900000 net1",
}


@pytest.mark.parametrize("name", HANGING)
@pytest.mark.parametrize("moment", ["at-once", "later"])
def test_ctrl_c(lab, terminal, name, moment):
    """Whatever waits, at whatever moment: the next command runs."""
    static = "set net0/ip 192.0.2.57\nset net0/netmask 255.255.255.0\nifopen net0\n"
    if name == "dhcp":
        static = ""
    silent = None
    if ":81" in HANGING[name]:  # accepts, and never says a word
        silent = lab.net.start("silent", "python3", "-c", (
            "import socket,time; s=socket.create_server(('', 81)); print('up', flush=True);"
            "c=s.accept(); time.sleep(10000)"))
    cards = [Nic("virtio"), Nic("82540em", mac="52:54:00:12:34:57")]
    t = terminal(f"#!ipxe\n{static}set mark running\nshell\n", nics=cards)
    t.prompt()
    if name == "iflinkwait":
        t.machine.link(False, 1)
    command = HANGING[name]
    t.type(command)
    if moment == "later":
        t.machine.serial.listen(1)  # not until it is quiet: countdowns never are
    t.send(CTRL_C)
    t.prompt(20)
    t.type("echo still-${mark}")
    t.wait_row("^still-running$")
    if silent:
        lab.net.kill(silent)


def test_ctrl_c_ends_an_endless_script(terminal):
    t = terminal("#!ipxe\n:again\necho round\ngoto again || echo stopped\nshell\n")
    t.wait_row("^round$")
    t.send(CTRL_C)
    t.wait_row("^stopped$")
    t.prompt()


def test_screen_that_the_bios_redirects(terminal):
    """A BIOS that writes to the serial line hears of every clearing."""
    t = terminal("#!ipxe\nmenu M\nitem a Alpha\nchoose x\nshell\n", redirect=True)
    t.wait_selected("Alpha")
    t.wait(lambda: not t.rows()[0], "nothing above the menu")
    t.send("\r")
    t.wait(lambda: "".join(t.rows()) == "iPXE>", "an empty screen")


# ---- Menus ----

FORTY = "menu The menu of forty\nitem --gap -- -- Systems --\n" + "".join(
    f"item n{n} Entry number {n}\n" for n in range(1, 41))


@pytest.mark.quick
def test_menu_of_forty(terminal):
    t = terminal(f"#!ipxe\n{FORTY}item --key x leave E^xit\nchoose what && echo chosen ${{what}}\nshell\n")
    t.wait_row("^ > Entry number 1$")
    assert t.rows()[1].strip() == "The menu of forty"
    assert t.rows()[3] == "   -- Systems --"
    assert t.rows()[20] == "   ..."
    t.send(PAGE_DOWN)
    t.wait_selected("Entry number 18")
    assert t.rows()[2] == "   ..."
    t.send(END)
    t.wait_selected("Exit")
    assert t.rows()[20] == ""
    t.send(UP + UP)
    t.wait_selected("Entry number 39")
    t.send(PAGE_UP)
    t.wait_selected("Entry number 22")
    t.send("ber 33")
    t.wait_selected("Entry number 33")
    t.wait_row("^ Search: ber 33$")
    t.send("\r")
    t.wait_row("^chosen n33$")


def test_menu_hot_keys_and_escape(terminal):
    items = "menu M\nitem d ^Debian\nitem --key w win Windows\n"
    t = terminal(f"#!ipxe\n{items}choose --keep x && echo first ${{x}}\n"
                 "choose --keep x && echo second ${x}\n"
                 "choose x || echo gave-up\nshell\n")
    t.wait_selected("Debian")
    t.send("w")
    t.wait(lambda: "first win" in t.machine.serial.text, "the first choice")
    t.wait_selected("Debian")
    t.send("\x1b[17~")  # F6 means nothing
    t.send("D")
    t.wait(lambda: "second d" in t.machine.serial.text, "the second choice")
    t.wait_selected("Debian")
    t.send(ESC)
    t.wait_row("^gave-up$")


def test_menu_timeout_takes_the_default(terminal):
    t = terminal("#!ipxe\nmenu M\nitem a Alpha\nitem b Beta\n"
                 "choose --default b --timeout 4000 x && echo chosen ${x}\nshell\n")
    t.wait_row(r"^ > Beta +\(\d\)")
    t.wait_row("^chosen b$")


def test_menu_shows_the_last_error(terminal):
    t = terminal("#!ipxe\ngoto nowhere ||\nmenu M\nitem a Alpha\nchoose --keep x\nchoose x\nshell\n")
    t.wait_row(r"^goto nowhere: .* no label ")
    t.wait_selected("Alpha")
    t.send("\r")
    t.wait(lambda: t.selected() == "Alpha" and not t.rows()[22], "the menu without an error")


def test_menu_in_vga_memory(terminal):
    t = terminal("#!ipxe\nmenu VGA menu\nitem a Alpha\nitem b \u00dcber \u2013 \u2502\nitem c ^Gamma\n"
                 "choose x\nshell\n")
    t.wait_selected("Alpha")
    t.send(DOWN)
    t.wait_selected("\u00dcber")
    t.wait(lambda: set(vga_rows(t.machine)[1][4]) == {0x47}, "the whole line marked")
    rows, attributes = vga_rows(t.machine)
    assert rows[1].strip() == "VGA menu"
    assert rows[3] == "   Alpha"
    assert rows[4] == " > \u00dcber - \u2502"
    assert rows[5] == "   Gamma"
    assert set(attributes[3]) == {0x17}
    assert attributes[5][3] == 0x1E
    assert attributes[1][40] & 0x08
    t.send("\r")
    t.prompt()
    rows, attributes = vga_rows(t.machine)
    assert rows[0] == "iPXE>"
    assert attributes[10][10] == 0x07


# ---- Forms ----


def test_form_login_config(terminal):
    t = terminal("#!ipxe\nset who nobody\nform A form\nitem who Your name\nitem --secret pin PIN\n"
                 "present && echo form-says ${who} ${pin}\n"
                 "login && echo login-says ${username} ${password}\n"
                 "config && echo config-says ${hostname}\nshell\n")
    t.wait_row("^ > Your name  nobody$")
    t.send("\x08" * 6 + "me\r1234")
    t.wait_row(r"^ > PIN +\*\*\*\*$")
    t.send("\r")
    t.wait(lambda: "form-says me 1234" in t.machine.serial.text, "the form's values")
    t.wait_row("^ > Username$")
    t.send("ali\topensesame" + CTRL_X)
    t.wait(lambda: "login-says ali opensesame" in t.machine.serial.text, "the login's values")
    t.wait_row("^ +Settings$")
    t.send("hostname")
    t.wait_selected("hostname")
    t.send("\rpinguin\r")
    t.wait_row("hostname +pinguin$")
    t.send(CTRL_X)
    t.wait_row("^config-says pinguin$")


# ---- Which consoles there are ----

ONCE = "#!ipxe\necho only-once\nshell\n"


@pytest.mark.parametrize("append", [None, "console=vga,ttyS0,115200n8"])
@pytest.mark.parametrize("redirect", [False, True])
def test_nothing_is_doubled(boot, redirect, append):
    machine = boot(append, ONCE, nics=[], redirect=redirect)
    machine.wait_for("only-once")
    machine.wait_for("iPXE>")
    machine.send("echo typed-once\r")
    machine.wait_for("typed-once\n")
    machine.wait_for("iPXE>")
    assert machine.serial.text.count("only-once") == 1
    assert machine.serial.text.count("iPXE> echo typed-once") == 1
    machine.send("echo caf\u00e9 \u2013\r")
    machine.wait_for("\ncaf\u00c3\u00a9 ")


@pytest.mark.parametrize("redirect", [False, True])
def test_without_a_video_card(boot, redirect):
    machine = boot(None, ONCE, nics=[], redirect=redirect, video=False)
    machine.wait_for("only-once")
    machine.send("echo typed-once\r")
    machine.wait_for("typed-once\n")
    assert machine.serial.text.count("only-once") == 1


def test_console_setting(boot):
    machine = boot("console=ttyS1,115200n8", ONCE, nics=[], redirect=False)
    machine.program.wait_for("only-once", 60)
    machine.program.send("echo on-the-second\r")
    machine.program.wait_for("\non-the-second", 30)
    assert "only-once" not in machine.serial.text


def test_a_line_that_is_not_there(boot):
    machine = boot("console=ttyS7", ONCE, nics=[], redirect=False)
    machine.wait_for("no UART ttyS7")
    machine.wait_for("only-once")


def test_only_vga(boot):
    machine = boot("console=vga", ONCE, nics=[], redirect=False)
    t = Terminal(machine)
    t.wait(lambda: "iPXE>" in vga_rows(machine)[0], "the prompt on the screen", 60)
    assert "only-once" in vga_rows(machine)[0]
    for key in "e c h o spc v g a ret".split():
        machine.hmp(f"sendkey {key}")
    t.wait(lambda: "vga" in vga_rows(machine)[0], "what the keyboard asked for", 60)
    assert "only-once" not in machine.serial.text


# ---- Pixels ----

WIDTH, HEIGHT = 800, 600
PICTURE_MENU = (f"dhcp\nconsole --x {WIDTH} --y {HEIGHT} --left 80 --top 48 --right 80 --bottom 48 "
                f"--picture http://{SERVER}/back.png || shell\n"
                "menu On a picture\nitem a Alpha\nitem b ^Beta\nitem --gap Gap\n")


def background():
    """Left half green, right half magenta, brighter downwards."""
    rows = []
    for y in range(HEIGHT):
        bright = 64 + y * 128 // HEIGHT
        rows.append(bytes((0, bright, 0)) * (WIDTH // 2) + bytes((bright, 0, bright)) * (WIDTH // 2))
    return png(WIDTH, HEIGHT, rows)


def near(pixel, wanted):
    return all(abs(a - b) <= 8 for a, b in zip(pixel, wanted))


def looks_like_background(pixel, x, y):
    bright = 64 + y * 128 // HEIGHT
    wanted = (0, bright, 0) if x < WIDTH // 2 else (bright, 0, bright)
    return near(pixel, wanted)


def is_text_mode(machine):
    shot = Screenshot(machine)
    return (shot.width, shot.height) in [(720, 400), (640, 400)]


def test_picture_behind_a_menu(lab, terminal, tmp_path):
    lab.file("back.png", background())
    lab.web()
    lab.dhcp()
    t = terminal(f"#!ipxe\n{PICTURE_MENU}choose x && echo chosen ${{x}} || shell\n"
                 "console && echo text-again\nshell\n", nics=[Nic()])
    t.wait_row("^   Gap$", 90)  # the last thing that is drawn
    t.machine.serial.drain()
    shot = Screenshot(t.machine)
    shot.save_png(tmp_path / "menu.png")
    assert (shot.width, shot.height) == (WIDTH, HEIGHT)
    for x, y in [(5, 5), (795, 5), (5, 595), (795, 595), (40, 300), (760, 300)]:
        assert looks_like_background(shot.pixel(x, y), x, y), (x, y)
    # The terminal on the line has 80 columns, and so has the menu: they begin at (80, 48).
    line = 48 + 16 * 3
    bar = [shot.pixel(x, line + 1) for x in range(80, 80 + 640)]
    assert sum(near(pixel, (0xAA, 0, 0)) for pixel in bar) > 500, "the selected line is red"
    glyphs = sum(near(shot.pixel(x, y), (0xAA, 0xAA, 0xAA))
                 for y in range(line, line + 16) for x in range(80 + 24, 80 + 24 + 40))
    assert glyphs > 40, "and has letters"
    # Other lines let the picture through between their letters.
    seen = [looks_like_background(shot.pixel(x, line + 17), x, line + 17) for x in range(300, 700)]
    assert all(seen)
    t.send("b")
    t.wait_row("^text-again$")
    assert is_text_mode(t.machine)


def test_no_such_mode(terminal):
    t = terminal("#!ipxe\nconsole --x 9000 --y 9000 || echo stays-in-text\nshell\n")
    t.wait_row("^stays-in-text$")
    assert "E-VIDEO-01" in t.machine.serial.text
    assert is_text_mode(t.machine)


@pytest.mark.parametrize("way", ["exit", "kernel", "sanboot"])
def test_whatever_boots_finds_text_mode(lab, boot, way, tmp_path):
    lab.web()
    lab.dhcp()
    options = {}
    if way == "kernel":
        lab.file("linux", kernel())
        lab.file("probe.gz", probe_initrd())
        end = (f"kernel http://{SERVER}/linux console=ttyS0,115200\n"
               f"initrd http://{SERVER}/probe.gz\nboot\n")
        wanted = "PROBE-BEGIN"
        options["memory"] = "384"
    elif way == "sanboot":
        disk = Int13Disk(tmp_path / "disk.img")
        end = f"sanboot iscsi:{SERVER}:::1:{lab.iscsi().add(disk.path)}\n"
        wanted = None
    else:
        end = "exit\n"
        wanted = "(?i)no bootable device|boot failed"
    machine = boot(None, f"#!ipxe\ndhcp\nconsole --x 800 --y 600\necho in-graphics\nprompt\n{end}",
                   **options)
    machine.wait_for("in-graphics", 60)
    assert Screenshot(machine).width == 800
    machine.send(" ")
    if wanted:
        machine.wait_for(wanted, 120)
    else:
        machine.program.wait_for("INT13", 90)
    assert is_text_mode(machine)
