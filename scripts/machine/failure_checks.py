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


def _tear(host):
    """Kills the agent between two renames of an install, and lets nobody start it again; the journal's names then."""
    tracer = host.start("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=renameat,renameat2", "-e",
                        "inject=renameat,renameat2:signal=KILL:when=5+", "-p", host.main_pid(), stderr=subprocess.PIPE)
    host.wait("strace", lambda: host.sh(f"grep TracerPid /proc/{host.main_pid()}/status").split()[-1] != "0")
    host.sh("systemd-run --quiet --unit=hold systemctl mask --runtime certplane-agent 2>/dev/null", check=False)
    pid = host.main_pid()
    host.post("/v1/certificates/www/renew")
    host.wait("the kill", lambda: host.main_pid() != pid)
    journal = host.sh("ls /var/lib/certplane/agent/journal", check=False).split()
    tracer.kill()
    tracer.wait()
    _expect(journal, "the kill came when no install was open")
    return journal


def ready_means_that_interrupted_installs_are_over_and_all_is_looked_at(world):
    with _running(world, "--lifetime", "10m") as host:
        _tear(host)
        host.sh("systemctl stop certplane-agent; systemctl unmask --runtime certplane-agent; "
                "systemctl reset-failed certplane-agent", check=False)
        host.run("systemctl", "start", "certplane-agent")
        journal = host.sh("ls /var/lib/certplane/agent/journal", check=False)
        _expect(not journal and host.pair_matches(), f"ready with an open journal: {journal}")
        # Known of each certificate the moment systemd calls it started.
        known = (host.certificate().get("installed") or {}).get("serial", "")
        _expect(known.upper() == host.disk_serial(), f"ready, and what is known of the certificate is {known}")
        finished = max(int(entry["__MONOTONIC_TIMESTAMP"]) for entry in host.journal("certplane-agent")
                       if "interrupted install finished" in str(entry["MESSAGE"]))
        ready = int(host.show("certplane-agent", "ActiveEnterTimestampMonotonic")["ActiveEnterTimestampMonotonic"])
        _expect(finished < ready, f"ready {(finished - ready) / 1e6:.3f} s before the install was finished")


def a_power_cut_in_an_install_leaves_a_matching_pair_for_nginx(world):
    """Killed between two renames, then the power goes: recover has run before nginx reads the files."""
    with _running(world, "--lifetime", "10m") as host:
        host.start_nginx()
        host.sh("systemctl enable nginx certplane-agent certplane-agent-recover 2>/dev/null && sync")
        serial = host.disk_serial()
        journal = _tear(host)
        torn = not host.pair_matches()
        host.reboot()
        try:
            host.wait("nginx", lambda: host.show("nginx", "ActiveState")["ActiveState"] == "active")
        except Exception:
            print(host.sh("systemctl --no-pager status nginx certplane-agent-recover; journalctl -b --no-pager -n 60",
                          check=False))
            raise
        recover = host.show("certplane-agent-recover", "Result", "ExecMainStatus", "ExecMainExitTimestampMonotonic")
        _expect(recover["Result"] == "success" and recover["ExecMainStatus"] == "0", f"recover: {recover}")
        _expect(host.pair_matches(), "key and certificate don't match")
        nginx = host.show("nginx", "ExecMainStartTimestampMonotonic", "NRestarts")
        _expect(int(recover["ExecMainExitTimestampMonotonic"]) < int(nginx["ExecMainStartTimestampMonotonic"]),
                f"nginx started before recover was done: {recover} {nginx}")
        print(f"     torn before the reboot: {torn}; journal then: {journal}; "
              f"serial {'new' if host.disk_serial() != serial else 'old'} after it")
