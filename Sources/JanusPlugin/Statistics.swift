internal import CJanusPlugin
internal import Glibc
internal import RTP

/// The request `statistics`, and what the core's administration shows of a handle.
enum Statistics {
    /// Adds a leg's counts to a reply. The leg's locks are taken one after the other, to copy; figures of a line test are written under its lock.
    static func describe(_ leg: LegPointer, of session: JanusSession, in reply: Reply) {
        let now = Clock.now()
        for medium in Medium.allCases {
            let received = leg.pointee.receiving.locked { () -> Received? in
                let receiver = leg.receiver(medium)
                guard leg.pointee.session == session else { return nil }
                guard receiver.pointee.isOpen || receiver.pointee.rtp >= 0 || receiver.pointee.statistics.packets > 0 else { return nil }
                return Received(receiver, now: now)
            }
            guard let received else { continue }
            let sent = leg.pointee.sending.locked { Sent(leg.sender(medium), isPlain: leg.pointee.kind == .plain) }
            let entry = Reply()
            entry.set("received", received.reply)
            entry.set("sent", sent.reply)
            entry.set("digits", received.digits)
            entry.set("rtcp_received", received.rtcpReceived)
            entry.set("dropped", received.dropped &+ sent.dropped)
            entry.set("srtp_errors", received.srtpErrors)
            if let latched = received.latched {
                let address = Reply()
                address.set("address", latched.text)
                address.set("port", UInt64(latched.port))
                entry.set("latched", address)
            }
            if let test = received.test { entry.set("test", test) }
            if received.lastPacket > 0 { entry.set("last_packet_ms", max(now &- received.lastPacket, 0) / 1_000) }
            reply.set(medium.name, entry)
        }
    }

    private struct Received {
        let statistics: StreamStatistics
        let digits, rtcpReceived, dropped, srtpErrors: UInt64
        let latched: MediaAddress?
        let lastPacket: Int64
        /// What the line test has measured, where there is one.
        let test: Reply?

        init(_ receiver: UnsafeMutablePointer<Receiver>, now: Int64) {
            statistics = receiver.pointee.statistics
            digits = receiver.pointee.digitCount
            rtcpReceived = receiver.pointee.rtcpReceived
            dropped = receiver.pointee.dropped
            srtpErrors = receiver.pointee.srtpErrors
            latched = receiver.pointee.latch.latched
            lastPacket = receiver.pointee.lastPacket
            test = receiver.pointee.test?.pointee.reply(
                signalled: receiver.pointee.latch.signalled, local: MediaAddress(boundTo: receiver.pointee.rtp), isUnreachable: receiver.pointee.refusal.isStanding, now: now)
        }

        var reply: Reply {
            let reply = Reply()
            reply.set("packets", statistics.packets)
            reply.set("bytes", statistics.bytes)
            reply.set("lost", statistics.lost)
            reply.set("jitter", statistics.jitterMicroseconds / 1_000)
            reply.set("misordered", statistics.misordered)
            reply.set("restarts", UInt64(statistics.restarts))
            reply.set("ssrc", UInt64(statistics.ssrc))
            return reply
        }
    }

    private struct Sent {
        let packets, bytes, dropped: UInt64
        /// Nil while it is not known: the core sends to a PeerConnection with a source of its own.
        let ssrc: UInt32?
        let report: ReportBlock?
        let roundTrip: Int64?
        let clockRate: UInt32

        init(_ sender: UnsafeMutablePointer<Sender>, isPlain: Bool) {
            packets = sender.pointee.packets
            bytes = sender.pointee.bytes
            dropped = sender.pointee.dropped
            ssrc = isPlain ? sender.pointee.rewriter.ssrc : sender.pointee.report?.ssrc
            report = sender.pointee.report
            roundTrip = sender.pointee.roundTrip
            clockRate = sender.pointee.rewriter.clockRate
        }

        var reply: Reply {
            let reply = Reply()
            reply.set("packets", packets)
            reply.set("bytes", bytes)
            reply.set("misordered", UInt64(0))
            reply.set("restarts", UInt64(0))
            if let ssrc { reply.set("ssrc", UInt64(ssrc)) }
            if let report {
                reply.set("lost", Int64(report.lost))
                reply.set("jitter", Int64(report.jitter) * 1_000 / Int64(max(clockRate, 1)))
            }
            if let roundTrip { reply.set("round_trip", roundTrip / 1_000) }
            return reply
        }
    }
}
