internal import CJanusPlugin
internal import Glibc
internal import RTP

// Loss between a phone and its leg is repaired here, as Janus' core does for browsers: the leg asks the phone for what has not come, and sends
// again what the phone asks for. The two sides number packets differently, and no request is passed on.
extension LegPointer {
    /// Asks the phone for packets that have not come, those that are due. Under the receiving lock.
    func requestLostPackets(_ medium: Medium, now: Int64) {
        let receiver = receiver(medium)
        guard receiver.pointee.requestsLostPackets, !receiver.pointee.missing.isEmpty,
            let first = receiver.pointee.missing.next(now: now)
        else { return }
        pointee.sending.locked {
            let sender = sender(medium)
            let report = writeReport(medium, nil, now)
            var item: NACK.Item? = first
            let end = RTCPWriter.nack(
                to: pointee.scratch, at: report, ssrc: sender.pointee.rewriter.ssrc, media: receiver.pointee.statistics.ssrc
            ) {
                defer { item = nil }
                return item ?? receiver.pointee.missing.next(now: now)
            }
            sendRTCP(medium, length: end)
        }
    }

    /// Sends the phone again what it asks for. Under the sending lock.
    func resendLostPackets(_ compound: UnsafeRawPointer, length: Int, _ medium: Medium, now: Int64) {
        let sender = sender(medium)
        guard let sent = sender.pointee.sent, sender.pointee.isOpen, sender.pointee.sends else { return }
        var reader = RTCPReader(compound, length: length)
        while let part = reader.next() {
            guard let nack = NACK(part, in: compound), nack.media == sender.pointee.rewriter.ssrc else { continue }
            var index = 0
            while let item = nack.item(index, in: compound) {
                item.forEach { sequence in
                    guard let packet = sent.take(sequence, now: now), let bytes = packet.baseAddress else { return }
                    _ = sender.pointee.destination.send(bytes, length: packet.count, from: sender.pointee.rtp)
                }
                index = index &+ 1
            }
        }
    }
}
