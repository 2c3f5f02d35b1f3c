import Foundation

/// Kamailio as a carrier: a registrar that wants a password, and a proxy between whoever registered with it.
final class Kamailio: Sendable {
    static let address = "10.99.0.2"
    static let domain = "carrier.example"
    static let password = "carrier-secret"

    let port: Int
    /// `ADDRESS:PORT`.
    var registrar: String { "\(Kamailio.address):\(port)" }
    private let process: TestProcess

    init(in environment: TestEnvironment) async throws {
        port = try FreePort.both(Kamailio.address)
        let directory = environment.directory.appendingPathComponent("kamailio-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let file = directory.appendingPathComponent("kamailio.cfg")
        try Kamailio.configuration(port: port).write(to: file, atomically: true, encoding: .utf8)
        process = try await TestProcess(
            "/usr/sbin/kamailio", ["-DD", "-E", "-f", file.path, "-Y", directory.path, "-w", directory.path, "-m", "32", "-M", "4"])
        let listens = await eventually(within: .patience) { [port] in
            // Taken by Kamailio: nobody else can have it.
            (try? Socket(type: SOCK_DGRAM, address: Kamailio.address, port: port)) == nil
        }
        guard listens else {
            await process.stop()
            throw HarnessError("Kamailio does not listen:\n\(process.output)")
        }
    }

    var log: String { process.output }

    func stop() async { await process.stop() }

    private static func configuration(port: Int) -> String {
        let modules = ["tm", "sl", "rr", "pv", "maxfwd", "textops", "siputils", "usrloc", "registrar", "auth", "xlog"]
        return """
            debug=1
            children=2
            disable_tcp=yes
            listen=udp:\(address):\(port)
            alias="\(domain)"
            mpath="/usr/lib/\(architecture)-linux-gnu/kamailio/modules/"
            \(modules.map { "loadmodule \"\($0).so\"" }.joined(separator: "\n"))
            modparam("usrloc", "db_mode", 0)
            modparam("rr", "enable_full_lr", 1)

            request_route {
                if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
                if (has_totag()) {
                    if (loose_route()) { t_relay(); exit; }
                    if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
                    sl_send_reply("404", "Not Here"); exit;
                }
                if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
                if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
                if (is_method("REGISTER")) {
                    if (!pv_www_authenticate("\(domain)", "\(password)", "0")) { www_challenge("\(domain)", "1"); exit; }
                    save("location"); exit;
                }
                if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
                if (!pv_proxy_authenticate("\(domain)", "\(password)", "0")) { proxy_challenge("\(domain)", "1"); exit; }
                consume_credentials();
                record_route();
                if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
                if (!t_relay()) { sl_reply_error(); }
            }

            """
    }

    private static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #else
            "aarch64"
        #endif
    }
}
