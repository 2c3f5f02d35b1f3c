internal import Configuration
internal import Foundation
internal import SIPNames
internal import TLS

/// What a configuration that is right in itself means for those who call.
struct ConfigurationChecks {
    let configuration: GatewayConfiguration
    let host: HostAddresses
    let now: Date
    let machine: Machine
    /// Whether the configuration is that of the service, which systemd shows less of the machine.
    let isService: Bool

    var findings: [Finding] { [reach, media].compactMap(\.self) + certificates + users }

    private var listeners: [ListenAddress] { configuration.sip.listen }

    private var reach: Finding? {
        guard listeners.allSatisfy(\.isLoopback) else { return nil }
        return Finding(
            .note, "reach", "SIP listens on loopback: phones on other machines do not reach it",
            remedy: "`tern setup`, or 0.0.0.0 in sip.listen and passwords of your own in users")
    }

    private var media: Finding? {
        let address = configuration.media.address
        guard let ip = IPAddress(address) else { return nil }
        if !listeners.allSatisfy(\.isLoopback), ip.isLoopback {
            return Finding(.fault, "media", "phones are told to send RTP to \(address), which is this machine for nobody but itself", remedy: "set media.address to an address that phones reach")
        }
        if !ip.isLoopback, !host.all.contains(address) {
            return Finding(
                .fault, "media", "media.address \(address) is no address of this machine (\(host.all.joined(separator: ", "))): RTP cannot be taken there",
                remedy: "where a NAT leads that address here, put it into nat.public_address and leave media.address out; else give the machine that address")
        }
        if let nat = configuration.natMapping {
            let ports = configuration.media.rtpPorts
            return Finding(
                .good, "media", "RTP is taken at \(address); others are told \(nat.publicAddress), from where a NAT has to lead UDP \(ports.lowerBound)-\(ports.upperBound) and the ports of sip.listen here")
        }
        if ip.isPrivate, !ip.isLoopback, !configuration.trunks.isEmpty {
            return Finding(.note, "media", "RTP is taken at \(address), a private address: a carrier on the internet does not reach it", remedy: "where a NAT leads a public address here, as in a cloud, put it into nat.public_address")
        }
        return Finding(.good, "media", "RTP is taken at \(address)\(configuration.media.address6.map { " and \($0)" } ?? "")")
    }

    // MARK: Certificates

    private var certificates: [Finding] {
        var found: [Finding] = []
        if let files = configuration.sip.tls { found.append(certificate(files, "sip.tls", host: configuration.sip.domain)) }
        if let files = configuration.http.tls { found.append(certificate(files, "http.tls", host: configuration.http.hosts.first)) }
        // Redis looks at who has made it, not at its names.
        if case .redis(let redis) = configuration.registrar.database, redis.isSecure, let files = configuration.cluster.identity {
            found.append(certificate(files, "cluster", host: nil))
        }
        if configuration.http.tls == nil, !configuration.http.listen.isLoopback {
            found.append(Finding(
                .warning, "certificate", "the page is served without TLS: browsers on other machines give it no microphone",
                remedy: "http.tls with a certificate, or a web server with one before it; docs/operations.md has both"))
        }
        return found
    }

    private func certificate(_ files: TLSFiles, _ key: String, host: String?) -> Finding {
        for path in [files.certificate, files.key] {
            if let fault = unreadable(path, key) { return fault }
        }
        do throws(TLSError) {
            let identity = try TLSIdentity(files)
            if identity.notAfter < now {
                return Finding(.fault, "certificate", "that of \(key) has ended \(day(identity.notAfter)): whoever it is shown to refuses it", remedy: "renew it, and `tern reload`")
            }
            if identity.notBefore > now {
                return Finding(.fault, "certificate", "that of \(key) begins \(day(identity.notBefore)): this machine's clock is wrong, or it is for later", remedy: "see `timedatectl`")
            }
            if identity.notAfter < now.addingTimeInterval(14 * 86_400) {
                return Finding(.warning, "certificate", "that of \(key) ends \(day(identity.notAfter))", remedy: "renew it, and `tern reload`; certbot does both with a hook: docs/operations.md")
            }
            if let host, !identity.covers(host: host) {
                return Finding(.warning, "certificate", "that of \(key) is for \(identity.names), not for \(host)", remedy: "get one for \(host)")
            }
            return Finding(.good, "certificate", "that of \(key) is for \(identity.names), until \(day(identity.notAfter))")
        } catch {
            return Finding(.fault, "certificate", "\(key): \(error)", remedy: "`tern` must be able to read it: the group tern, mode 640")
        }
    }

    /// What keeps the service from a file that this user may well be able to read.
    private func unreadable(_ path: String, _ key: String) -> Finding? {
        let remedy = "copy it to /etc/tern: chgrp tern, chmod 640. For certbot a hook does that: docs/operations.md"
        if isService, ["/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"].contains(where: { path.hasPrefix($0) }) {
            return Finding(.fault, "certificate", "\(path) of \(key) is hidden from the service (ProtectHome and PrivateTmp in tern.service)", remedy: remedy)
        }
        // A file that is not there is told below.
        guard FileManager.default.fileExists(atPath: path), machine.serviceCanRead(path) == false else { return nil }
        return Finding(.fault, "certificate", "the user \(machine.serviceUser ?? "tern") cannot read \(path) of \(key)", remedy: remedy)
    }

    private func day(_ date: Date) -> String { date.formatted(.iso8601.year().month().day()) }

    // MARK: Users

    private var users: [Finding] {
        if configuration.users.isEmpty, configuration.tokens.isEmpty {
            return [Finding(.note, "users", "there is none: nobody can register or log in", remedy: "users, or tokens")]
        }
        return []
    }
}
