internal import Glibc

/// The name servers that Sofia's resolver asks.
///
/// Sofia 1.12.11 asks a server to which there is no route again and again, within one call, for ever: on a machine without
/// a network, or where resolv.conf lists an IPv6 server and there is IPv4 only. So it is looked at first.
enum NameServers {
    /// What Sofia reads; it has no other place for them.
    static let file = "/etc/resolv.conf"
    private static let maximumFileSize = 65_536

    /// Whether there is a route to each of them. Nothing is sent.
    static func areRouted(in file: String = file) -> Bool {
        addresses(in: contents(of: file)).allSatisfy {
            SocketAddress(address: $0, port: 53).map { $0.localAddressTowards != nil } ?? true
        }
    }

    /// The addresses of a resolv.conf, in their order.
    static func addresses(in text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split { $0 == " " || $0 == "\t" }
            return words.first == "nameserver" && words.count > 1 ? String(words[1]) : nil
        }
    }

    private static func contents(of file: String) -> String {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: maximumFileSize)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
