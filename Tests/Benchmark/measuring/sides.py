"""The gateways that are compared: each takes the calls of phones, and is all that its calls need."""
from . import processes
from .calls import wait_until
from .gateway import CALLEE_PORT, Gateway
from .processes import MEASURED, OTHER, Failure, Program, descendants

MODULES = ("tm", "sl", "rr", "pv", "maxfwd", "textops", "siputils", "rtpengine")
READY_WITHIN = 60


class Callee:
    """Browsers that take calls: `tern-benchmarks callee`."""

    def __init__(self, bench, *words):
        self.program = Program([bench.benchmarks, "callee", f"address={bench.address}", *words], bench.folder / "browsers", OTHER, talks=True)
        # The Janus of the SIP plugin is its child, and measured.
        try:
            self.words = self.program.hear(READY_WITHIN).split()[1:]
        except Failure:
            self.stop()
            raise

    def failures(self):
        self.program.process.stdin.close()
        return int(self.program.hear(READY_WITHIN).split()[1])

    def stop(self):
        self.program.stop(gently=False)


class Tern:
    key, name, needs = "tern", "Tern", ()

    def __init__(self, bench, path):
        self.gateway = Gateway(bench, f"tern-{path}", stand_in=False)
        self.target, self.callee = self.gateway.target, None
        if path == "browser":
            try:
                self.callee = Callee(bench, "side=tern", f"url=ws://127.0.0.1:{self.gateway.http}/api", f"password={self.gateway.password}")
            except Failure:
                self.stop()
                raise

    def pids(self):
        return descendants(self.gateway.program.pid)

    def stop(self):
        if self.callee:
            self.callee.stop()
        self.gateway.stop()


class JanusSIP:
    key, name, needs = "janus-sip", "Janus' SIP plugin", ()

    def __init__(self, bench, path):
        self.callee = Callee(bench, "side=janus-sip", f"helpers={bench.option('helpers', 200)}")
        port, self.janus = (int(word) for word in self.callee.words)
        self.target = f"{bench.address}:{port}"

    def pids(self):
        return descendants(self.janus)

    def stop(self):
        self.callee.stop()


class Kamailio:
    """Kamailio with rtpengine, which relays in user space."""

    key, name, needs = "kamailio", "Kamailio and rtpengine", ("kamailio", "rtpengine")
    PORT, CONTROL = 5060, 2223
    # What rtpengine is to make of the caller's offer, and of the answer.
    FLAGS = {
        "phone": ("replace-origin replace-session-connection ICE=remove",) * 2,
        "browser": (
            "replace-origin replace-session-connection ICE=force UDP/TLS/RTP/SAVPF rtcp-mux-offer generate-mid SDES-off DTLS=passive",
            "replace-origin replace-session-connection ICE=remove RTP/AVP rtcp-mux-demux"),
    }

    def __init__(self, bench, path):
        self.target, self.callee, self.programs = f"{bench.address}:{self.PORT}", None, []
        folder = bench.folder / f"kamailio-{path}"
        folder.mkdir(exist_ok=True)
        file = folder / "kamailio.cfg"
        file.write_text(self.configuration(bench.address, path))
        try:
            # No configuration of the system's; table -1 is no kernel module.
            self.start(bench, "rtpengine", [
                "--config-file=none", "--foreground", "--log-stderr", "--log-level=4", f"--interface={bench.address}", f"--listen-ng=127.0.0.1:{self.CONTROL}",
                "--port-min=20000", "--port-max=39999", "--table=-1", "--num-threads=1"], self.CONTROL)
            self.start(bench, "kamailio", ["-DD", "-E", "-f", str(file), "-Y", str(folder), "-w", str(folder), "-m", "64", "-M", "8"], self.PORT)
            if path == "browser":
                self.callee = Callee(bench, "side=sip", f"port={CALLEE_PORT}")
        except Failure:
            self.stop()
            raise

    def start(self, bench, name, options, port):
        program = Program([processes.path(name), *options], bench.folder / name, MEASURED)
        self.programs.append(program)
        wait_until(lambda: processes.is_bound(port), 20, f"{name} is not ready:\n{program.last_words()}")

    def configuration(self, address, path):
        offer, answer = self.FLAGS[path]
        loads = "\n".join(f'loadmodule "{module}.so"' for module in MODULES)
        return f"""debug=0
children=2
disable_tcp=yes
listen=udp:{address}:{self.PORT}
mpath="{processes.library('kamailio/modules')}/"
{loads}
modparam("rr", "enable_full_lr", 1)
modparam("rtpengine", "rtpengine_sock", "udp:127.0.0.1:{self.CONTROL}")

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{
            if (is_method("BYE")) {{ rtpengine_delete(); }}
            t_relay();
            exit;
        }}
        if (is_method("ACK") && t_check_trans()) {{ t_relay(); }}
        exit;
    }}
    if (is_method("CANCEL")) {{
        if (t_check_trans()) {{ t_relay(); }}
        exit;
    }}
    if (!is_method("INVITE")) {{ sl_send_reply("405", "Method Not Allowed"); exit; }}
    record_route();
    t_on_reply("answered");
    if (!rtpengine_offer("{offer}")) {{ sl_send_reply("500", "No Media"); exit; }}
    $du = "sip:{address}:{CALLEE_PORT}";
    if (!t_relay()) {{ sl_reply_error(); }}
}}

onreply_route[answered] {{
    if (status =~ "2[0-9][0-9]" && has_body("application/sdp")) {{ rtpengine_answer("{answer}"); }}
}}
"""

    def pids(self):
        return [pid for program in self.programs for pid in descendants(program.pid)]

    def stop(self):
        if self.callee:
            self.callee.stop()
        for program in self.programs[::-1]:
            program.stop()
