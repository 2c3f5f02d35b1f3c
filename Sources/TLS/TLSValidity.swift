public import struct Foundation.Date

/// Whether a certificate counts at a point in time.
public enum TLSValidity: Sendable, Hashable {
    case valid
    /// It ends soon: within two weeks.
    case ending(days: Int)
    case expired
    case notYetValid

    /// How long before its end a certificate is worth a word.
    public static let warning = Duration.seconds(14 * 86_400)
}

extension TLSIdentity {
    public func validity(at date: Date = Date()) -> TLSValidity {
        if date < notBefore { return .notYetValid }
        if date >= notAfter { return .expired }
        let left = notAfter.timeIntervalSince(date)
        guard left < Double(TLSValidity.warning.components.seconds) else { return .valid }
        return .ending(days: Int(left / 86_400))
    }

    /// What is to be said of its dates; nil where all is well.
    public func complaint(at date: Date = Date()) -> String? {
        switch validity(at: date) {
        case .valid: nil
        case .ending(let days): "the certificate in \(files.certificate) ends in \(days) days, at \(notAfter)"
        case .expired: "the certificate in \(files.certificate) expired at \(notAfter)"
        case .notYetValid: "the certificate in \(files.certificate) is valid from \(notBefore) on only"
        }
    }
}
