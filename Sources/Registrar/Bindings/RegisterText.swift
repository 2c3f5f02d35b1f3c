/// Values of a REGISTER's headers and parameters, read from their text.
public enum RegisterText {
    /// Seconds of an `expires`, at most 2³² - 1. What is no number counts as an hour, as RFC 3261 20.10 wants it.
    public static func seconds(_ text: String) -> Int {
        var value = 0
        guard !text.isEmpty else { return 3_600 }
        for byte in text.utf8 {
            guard (0x30...0x39).contains(byte) else { return 3_600 }
            value = min(value * 10 + Int(byte - 0x30), Int(UInt32.max))
        }
        return value
    }

    /// A `q` in thousandths: `0`, `0.25`, `1.000` (RFC 3261 25.1, qvalue). Nil for anything else.
    public static func thousandths(_ text: String) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, whole == "0" || whole == "1" || (whole.isEmpty && parts.count == 2) else { return nil }
        var value = whole == "1" ? 1_000 : 0
        if parts.count == 2 {
            let digits = Array(parts[1].utf8)
            guard digits.count <= 3, !(whole.isEmpty && digits.isEmpty) else { return nil }
            var weight = 100
            for digit in digits {
                guard (0x30...0x39).contains(digit) else { return nil }
                value += Int(digit - 0x30) * weight
                weight /= 10
            }
        }
        return value <= 1_000 ? value : nil
    }
}
