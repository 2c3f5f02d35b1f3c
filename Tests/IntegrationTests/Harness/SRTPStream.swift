import Crypto
import CryptoExtras
import Foundation

/// One direction of SRTP with `AES_CM_128_HMAC_SHA1_80` (RFC 3711), for a stream of fewer than 65,536 packets.
struct SRTPStream: Sendable {
    private let cipher: SymmetricKey
    private let tag: SymmetricKey
    private let salt: [UInt8]

    /// - Parameter key: What stands behind `inline:` (RFC 4568, section 6.1): 16 bytes of master key and 14 of salt, in Base64.
    init(key: String) throws {
        guard let bytes = Data(base64Encoded: key), bytes.count == 30 else { throw HarnessError("no SRTP key: \(key)") }
        let master = SymmetricKey(data: bytes.prefix(16)), masterSalt = [UInt8](bytes.suffix(14))
        // Section 4.3.1: the label stands in the eighth byte.
        func derive(_ label: UInt8, _ count: Int) throws -> [UInt8] {
            var vector = masterSalt + [0, 0]
            vector[7] ^= label
            return try Self.cipher([UInt8](repeating: 0, count: count), master, vector)
        }
        cipher = SymmetricKey(data: try derive(0, 16))
        tag = SymmetricKey(data: try derive(1, 20))
        salt = try derive(2, 14)
    }

    /// A key for a description.
    static func makeKey() -> String { Data((0..<30).map { _ in UInt8.random(in: 0...255) }).base64EncodedString() }

    /// The packet with its payload encrypted and its tag behind it.
    func protect(_ packet: [UInt8]) throws -> [UInt8] {
        let encrypted = try transform(packet)
        return encrypted + authentication(encrypted)
    }

    /// The packet as it was; nil where it was not made with this key.
    func unprotect(_ packet: [UInt8]) -> [UInt8]? {
        guard packet.count > 22 else { return nil }
        let encrypted = Array(packet.dropLast(10))
        guard authentication(encrypted) == Array(packet.suffix(10)) else { return nil }
        return try? transform(encrypted)
    }

    /// Section 4.1.1; the roll-over counter is 0.
    private func transform(_ packet: [UInt8]) throws -> [UInt8] {
        var vector = salt + [0, 0]
        for (index, byte) in packet[8..<12].enumerated() { vector[4 + index] ^= byte }
        for (index, byte) in packet[2..<4].enumerated() { vector[12 + index] ^= byte }
        return Array(packet[..<12]) + (try Self.cipher(Array(packet[12...]), cipher, vector))
    }

    private func authentication(_ packet: [UInt8]) -> [UInt8] {
        Array(HMAC<Insecure.SHA1>.authenticationCode(for: packet + [0, 0, 0, 0], using: tag).prefix(10))
    }

    private static func cipher(_ bytes: [UInt8], _ key: SymmetricKey, _ vector: [UInt8]) throws -> [UInt8] {
        Array(try AES._CTR.encrypt(bytes, using: key, nonce: AES._CTR.Nonce(nonceBytes: vector)))
    }
}
