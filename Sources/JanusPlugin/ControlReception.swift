internal import CJanusPlugin
internal import Glibc
internal import RTP

extension LegPointer {
    /// Takes RTCP from a phone.
    func receiveRTCP(
        _ packet: UnsafeMutableRawPointer, length: Int, from source: MediaAddress, medium: Medium, generation: UInt64, now: Int64
    ) {
        pointee.receiving.lock()
        defer { pointee.receiving.unlock() }
        guard pointee.generation == generation else { return }
        let receiver = receiver(medium)
        receiver.pointee.rtcpReceived = receiver.pointee.rtcpReceived &+ 1
        receiver.pointee.lastPacket = now
    }

    /// Counts a packet that is none.
    func drop(_ medium: Medium, generation: UInt64) {
        pointee.receiving.lock()
        defer { pointee.receiving.unlock() }
        guard pointee.generation == generation else { return }
        let receiver = receiver(medium)
        receiver.pointee.dropped = receiver.pointee.dropped &+ 1
    }
}
