internal import Glibc

// Checks that concern more than one key.
extension ConfigurationReader {
    func checkListeners(rtpPorts origin: ConfigurationOrigin) {
        for (index, listener) in listeners.enumerated() {
            for earlier in listeners[..<index] where listener.address.overlaps(earlier.address) {
                problems.add(
                    listener.origin, key: listener.key,
                    "\(listener.address) overlaps \(earlier.address) of \(earlier.key) (\(earlier.origin))")
            }
            if listener.origin != .builtIn, !host.has(listener.address) {
                problems.warn(
                    listener.origin, key: listener.key,
                    """
                    \(listener.address.address) is not an address of this machine, whose are \(host.listed): Tern cannot listen on it; give one of \
                    these, or 0.0.0.0 for all
                    """)
            }
            guard listener.address.transport == .udp, !problems.concern("media.rtp_ports"),
                configuration.media.rtpPorts.contains(listener.address.port)
            else { continue }
            problems.add(
                listener.origin, key: listener.key,
                "port \(listener.address.port) lies within media.rtp_ports (\(origin)), which are for RTP alone")
        }
    }

    func checkJanus(_ section: ConfigurationSection) {
        switch configuration.janus.mode {
        case .external:
            if configuration.janus.urls.isEmpty, !problems.concern("janus.urls") {
                problems.add(
                    section.origin(of: "urls"), key: "janus.urls", "mode external needs at least one URL, as in ws://127.0.0.1:8188")
            }
            for key in ["count", "executable", "plugin", "directory", "event_loops", "memory_limit"] where section.written(key) != nil {
                problems.warn(section.origin(of: key), key: "janus.\(key)", "has no meaning in mode external, and is ignored")
            }
        case .managed:
            checkPortShares(section)
            for key in ["urls", "api_secret"] where section.written(key) != nil {
                problems.warn(section.origin(of: key), key: "janus.\(key)", "has no meaning in mode managed, and is ignored")
            }
            guard !problems.concern("janus.executable"), access(configuration.janus.executable, X_OK) != 0 else { return }
            problems.warn(
                section.origin(of: "executable"), key: "janus.executable",
                "\(configuration.janus.executable) is not there: calls will be refused until it is (Debian package janus)")
        }
    }

    /// The least number of ports that a Janus can do something with, as of `media.rtp_ports` as a whole.
    static let leastPorts = 100

    /// Whether there are enough ports for each of several Januses.
    private func checkPortShares(_ section: ConfigurationSection) {
        let count = configuration.janus.count, ports = configuration.media.rtpPorts
        guard count > 1, !problems.concern("janus.count"), !problems.concern("media.rtp_ports"), ports.count / count < ConfigurationReader.leastPorts else { return }
        problems.add(
            section.origin(of: "count"), key: "janus.count",
            """
            \(count) Januses share the \(ports.count) ports of media.rtp_ports, \(ports.lowerBound)-\(ports.upperBound): \(ports.count / count) each, and each \
            needs \(ConfigurationReader.leastPorts)
            """)
    }

    /// Hashes of passwords serve for one realm: it should not be the address that the machine happens to have.
    func checkRealm(isWritten: Bool) {
        guard !isWritten else { return }
        for (user, place) in zip(configuration.users, userPlaces) {
            guard case .ha1 = user.credential else { continue }
            problems.warn(
                place.origin, key: place.key,
                "it is a hash for one realm, which is \(configuration.sip.realm), the media address: better give sip.realm")
            return
        }
    }

    /// On the internet passwords are guessed day and night, and whoever finds one calls at our expense.
    func checkWeakPasswords() {
        guard listeners.contains(where: { !$0.address.isLoopback }) else { return }
        for (user, place) in zip(configuration.users, userPlaces) {
            guard case .password(let password) = user.credential, password.value.count < 8 || password.value == user.name else { continue }
            problems.warn(
                place.origin, key: place.key,
                "the password of user \(user.name) is \(password.value == user.name ? "its name" : "shorter than 8 characters"), and will be guessed")
        }
    }

    /// Everybody knows the sample passwords, so whoever can reach a listener could log in and call.
    func checkSamplePasswords() {
        guard let open = listeners.first(where: { !$0.address.isLoopback }) else { return }
        let reach = "\(open.key) (\(open.address)) can be reached from other machines"
        if userPlaces.isEmpty, !configuration.users.isEmpty {
            problems.add(
                .builtIn, key: "users",
                """
                no users are given, so there are the sample users, whose passwords everybody can read in the repository, and \
                \(reach): give users of your own (users: [] for none), or listen on 127.0.0.1 only
                """)
            return
        }
        for (user, place) in zip(configuration.users, userPlaces) 
            where SampleUsers.contains(passwordOf: user, realm: configuration.sip.realm)
        {
            problems.add(
                place.origin, key: place.key,
                """
                user \(user.name) has a sample password, which everybody can read in the repository, and \(reach): give the \
                user another password, leave the user out, or listen on 127.0.0.1 only
                """)
        }
    }
}
