"""What befalls a service: kills, standstills, a power cut in the middle of an install."""

import subprocess
import time

from host import POLKIT
from machine import Wanting
from unit_checks import _expect


def _running(world, *lab, **options):
    host = world.host(**options)
    try:
        host.install_package()
        host.start_lab(*lab)
        host.configure(extra="")
        host.run("systemctl", "start", "certplane-agent")
        host.enroll()
        host.await_state()
    except BaseException:
        host.close()
        raise
    return host


def a_killed_agent_is_started_again(world):
    with _running(world, "--lifetime", "10m") as host:
        serial, pid = host.disk_serial(), host.main_pid()
        host.sh(f"kill -KILL {pid}")
        host.wait("the restart", lambda: host.show("certplane-agent", "NRestarts", "ActiveState", "SubState")
                  == {"NRestarts": "1", "ActiveState": "active", "SubState": "running"}, 30)
        host.await_state()
        _expect(host.disk_serial() == serial, "the restart ordered a certificate")
        orders = [m for m in host.messages("lab") if "order" in m and "www" in m]
        _expect(len([m for m in orders if 'msg="certificate issued"' in m or "cache=miss" in m]) <= 1, f"orders: {orders}")


def _trips_the_watchdog(world, thread):
    drop_in = {"/etc/systemd/system/certplane-agent.service.d/fast.conf": "[Service]\nWatchdogSec=3s\nRestartSec=1s\n"}
    with _running(world, "--lifetime", "10m", files=drop_in) as host:
        pid = host.main_pid()
        time.sleep(4)  # Longer than the watchdog waits: a healthy agent is let live.
        _expect(host.main_pid() == pid, "the watchdog bit a healthy agent")
        holder = host.hold_thread(thread)
        host.wait("the watchdog", lambda: any("Watchdog timeout" in m for m in host.messages("certplane-agent")), 20)
        host.wait("the restart", lambda: host.show("certplane-agent", "ActiveState")["ActiveState"] == "active"
                  and host.main_pid() not in (0, pid), 30)
        holder.kill()
        holder.wait()
        host.await_state()


def a_blocked_engine_trips_the_watchdog(world):
    _trips_the_watchdog(world, "engine")


def a_blocked_api_trips_the_watchdog(world):
    _trips_the_watchdog(world, "api")


def a_power_cut_in_an_install_leaves_a_matching_pair_for_nginx(world):
    """Killed between two renames, then the power goes: recover has run before nginx reads the files."""
    with _running(world, "--lifetime", "10m") as host:
        if not host.exists("/usr/lib/systemd/system/certplane-agent-recover.service"):
            from checks import Skipped
            raise Skipped("the package has no certplane-agent-recover.service yet")
        host.start_nginx()
        host.sh("systemctl enable nginx certplane-agent certplane-agent-recover 2>/dev/null; sync")
        serial = host.disk_serial()
        tracer = host.start("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat,renameat2", "-e",
                            "inject=renameat,renameat2:signal=KILL:when=5+", "-p", host.main_pid(),
                            stderr=subprocess.PIPE)
        host.wait("strace", lambda: host.sh(f"grep TracerPid /proc/{host.main_pid()}/status").split()[-1] != "0")
        host.sh("systemd-run --quiet --unit=hold systemctl mask --runtime certplane-agent 2>/dev/null", check=False)
        pid = host.main_pid()
        host.post("/v1/certificates/www/renew")
        host.wait("the kill", lambda: host.main_pid() != pid)
        journal = host.sh("ls /var/lib/certplane/agent/journal", check=False)
        torn = not host.pair_matches()
        tracer.kill()
        tracer.wait()
        host.reboot()
        host.wait("nginx", lambda: host.show("nginx", "ActiveState")["ActiveState"] == "active")
        recover = host.show("certplane-agent-recover", "Result", "ExecMainStatus", "ExecMainExitTimestampMonotonic")
        _expect(recover["Result"] == "success" and recover["ExecMainStatus"] == "0", f"recover: {recover}")
        _expect(host.pair_matches(), "key and certificate don't match")
        nginx = host.show("nginx", "ExecMainStartTimestampMonotonic", "NRestarts")
        _expect(int(recover["ExecMainExitTimestampMonotonic"]) < int(nginx["ExecMainStartTimestampMonotonic"]),
                f"nginx started before recover was done: {recover} {nginx}")
        _expect(journal, "the kill came when no install was open")
        print(f"     torn before the reboot: {torn}; journal then: {journal.split()}; "
              f"serial {'new' if host.disk_serial() != serial else 'old'} after it")
