/// The generated configuration of a private Janus: the texts of its files, by name.
struct JanusSettings {
    var configuration: JanusProcessConfiguration
    var apiPort: UInt16
    var adminPort: UInt16
    var apiSecret: String
    var adminSecret: String

    var files: [String: String] {
        get throws(JanusProcessError) {
            [
                "janus.jcfg": try core,
                "janus.transport.websockets.jcfg": transport,
            ]
        }
    }

    /// ICE never uses loopback, whatever it is told; told so, it would use nothing.
    private var iceIsConfined: Bool {
        !configuration.localAddress.hasPrefix("127.") && configuration.localAddress != "0.0.0.0"
    }

    /// The lines about a NAT before the machine.
    private var translation: String {
        get throws(JanusProcessError) {
            guard let address = configuration.publicAddress else { return "" }
            return "    nat_1_1_mapping = \(try quoted(address))\n    keep_private_host = true\n"
        }
    }

    private var core: String {
        get throws(JanusProcessError) {
            let directory = configuration.directory
            let ice = configuration.icePorts
            return """
                general: {
                    configs_folder = \(try quoted(directory))
                    plugins_folder = \(try quoted("\(directory)/plugins"))
                    transports_folder = \(try quoted("\(directory)/transports"))
                    events_folder = \(try quoted("\(directory)/events"))
                    loggers_folder = \(try quoted("\(directory)/loggers"))
                    log_to_stdout = true
                    debug_level = 4
                    debug_colors = false
                    server_name = "tern"
                \(iceIsConfined ? "    interface = \(try quoted(configuration.localAddress))\n" : "")\
                    api_secret = \(try quoted(apiSecret))
                    admin_secret = \(try quoted(adminSecret))
                    session_timeout = 60
                    event_loops = \(configuration.eventLoops)
                }
                media: {
                    ipv6 = false
                    rtp_port_range = "\(ice.lowerBound)-\(ice.upperBound)"
                    no_media_timer = 1
                    slowlink_threshold = 4
                }
                nat: {
                    full_trickle = false
                    ice_lite = false
                    ice_tcp = false
                    ignore_mdns = true
                    ice_keepalive_conncheck = true
                \(iceIsConfined ? "    ice_enforce_list = \(try quoted(configuration.localAddress))\n" : "")\
                \(try translation)\
                }
                events: {
                    broadcast = false
                }

                """
        }
    }

    private var transport: String {
        """
        general: {
            events = false
            json = "compact"
            ws = true
            ws_port = \(apiPort)
            ws_ip = "127.0.0.1"
            wss = false
        }
        admin: {
            admin_ws = true
            admin_ws_port = \(adminPort)
            admin_ws_ip = "127.0.0.1"
            admin_wss = false
        }

        """
    }

    /// A string in libconfig's syntax.
    private func quoted(_ text: String) throws(JanusProcessError) -> String {
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) else {
            throw .configuration("control character in \"\(text)\"")
        }
        var escaped = ""
        for character in text.unicodeScalars {
            if character == "\"" || character == "\\" { escaped.unicodeScalars.append("\\") }
            escaped.unicodeScalars.append(character)
        }
        return "\"\(escaped)\""
    }
}
