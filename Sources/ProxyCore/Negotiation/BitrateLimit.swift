import SDP

extension [MediaDescription] {
    /// Asks the other side to send at most `bitrate` kbit/s in all: a `b=` line on what takes the most, the first video, or the first audio
    /// where there is none. Both of its forms, because some know one only (RFC 8866 section 5.8, RFC 3890). 0 leaves them as they are.
    func limited(to bitrate: Int) -> [MediaDescription] {
        guard bitrate > 0, let kilobits = UInt32(exactly: bitrate) else { return self }
        guard let index = firstIndex(where: { $0.kind == .video && $0.port != 0 }) ?? firstIndex(where: { $0.kind == .audio && $0.port != 0 })
        else { return self }
        var limited = self
        let bits = UInt32(clamping: UInt64(kilobits) * 1_000)
        limited[index].bandwidths =
            self[index].bandwidths.filter { $0.type != "AS" && $0.type != "TIAS" }
            + [Bandwidth(type: "AS", value: kilobits), Bandwidth(type: "TIAS", value: bits)]
        return limited
    }
}
