internal import CJanusPlugin
internal import Glibc
internal import RTP

/// The request `open`: sockets for a plain leg.
struct OpenRequest {
    let address: MediaAddress
    let media: [Medium]
    let range: ClosedRange<UInt16>

    /// - Throws: 400 where a member is missing or malformed.
    init(_ fields: Fields) throws(RequestError) {
        guard let text = try fields.string("address"), let address = MediaAddress(text: text, port: 0) else {
            throw .malformed("\"address\" is no IPv4 or IPv6 address.")
        }
        self.address = address
        var media: [Medium] = []
        for name in try fields.strings("media", most: 8) {
            guard let medium = Medium(name: name) else { throw .malformed("\"media\" has an element that is neither audio nor video.") }
            if !media.contains(medium) { media.append(medium) }
        }
        self.media = media
        let ports = try fields.integers("ports", most: 2)
        if ports.isEmpty {
            range = 20_000...29_999
        } else {
            guard ports.count == 2, ports[0] >= 1, ports[0] <= ports[1], ports[1] <= 65_535 else {
                throw .malformed("\"ports\" is no range of ports.")
            }
            range = UInt16(ports[0])...UInt16(ports[1])
        }
    }

    /// Under ``Legs``' lock.
    ///
    /// - Throws: 409 for a leg that has a PeerConnection or sockets of the other IP version; 503 where the ports are used up.
    func apply(to leg: LegPointer) throws(RequestError) -> Reply {
        let isV6 = address.v4 == nil
        let missing = try leg.locked { () throws(RequestError) -> [Medium] in
            guard leg.pointee.kind != .webrtc else { throw .conflict("The leg has a PeerConnection.") }
            for medium in Medium.allCases where leg.receiver(medium).pointee.rtp >= 0 && leg.receiver(medium).pointee.isV6 != isV6 {
                throw .conflict("The leg's sockets are of the other IP version.")
            }
            return media.filter { leg.receiver($0).pointee.rtp < 0 }
        }
        var pairs: [(Medium, Ports.Pair)] = []
        let poller = leg.pointee.poller ?? Relay.shared.poller
        do throws(RequestError) {
            for medium in missing {
                let pair = try Ports.shared.bind(address, in: range)
                pairs.append((medium, pair))
                guard poller.add((pair.rtp, pair.rtcp), of: leg, medium) else {
                    throw RequestError(code: 503, reason: "The system refuses to watch more sockets: \(String(cString: strerror(errno))).")
                }
            }
        } catch {
            for (_, pair) in pairs {
                close(pair.rtp)
                close(pair.rtcp)
            }
            if !pairs.isEmpty { Ports.shared.release() }
            throw error
        }
        leg.locked {
            leg.pointee.kind = .plain
            for (medium, pair) in pairs { leg.adopt(pair, for: medium, isV6: isV6) }
        }
        leg.pointee.poller = poller
        // The leg may have been given a peer before it had sockets.
        Loops.place(leg.locked { leg.reference })
        return reply(leg)
    }

    private func reply(_ leg: LegPointer) -> Reply {
        let reply = Reply("open")
        reply.set("leg", leg.pointee.id)
        for medium in Medium.allCases {
            let (port, key) = leg.locked { (leg.receiver(medium).pointee.port, leg.receiver(medium).pointee.key) }
            guard port > 0 else { continue }
            let entry = Reply()
            entry.set("port", UInt64(port))
            entry.set("key", Base64.encode(key))
            reply.set(medium.name, entry)
        }
        return reply
    }
}

extension LegPointer {
    /// Under both locks.
    fileprivate func adopt(_ pair: Ports.Pair, for medium: Medium, isV6: Bool) {
        let receiver = receiver(medium), sender = sender(medium)
        receiver.pointee.rtp = pair.rtp
        receiver.pointee.rtcp = pair.rtcp
        receiver.pointee.port = pair.port
        receiver.pointee.isV6 = isV6
        receiver.pointee.key = (0..<46).map { _ in UInt8.random(in: 0...255) }
        sender.pointee.rtp = pair.rtp
        sender.pointee.rtcp = pair.rtcp
        sender.pointee.isV6 = isV6
    }
}
