internal import EventLoop
internal import Glibc

/// Tells systemd how the service is: that it is ready, that it ends, and that it is alive (sd_notify(3), `Type=notify` and `WatchdogSec=`).
///
/// Without systemd nobody is told.
final class ServiceManager: Sendable {
    private let address: sockaddr_un?
    private let length: socklen_t
    /// How often systemd wants a sign of life; nil when it wants none.
    private let interval: Duration?

    /// Takes systemd's wishes out of the environment: programs that Tern starts have none of them.
    init() {
        func take(_ name: String) -> String? {
            defer { unsetenv(name) }
            return getenv(name).map { String(cString: $0) }
        }
        (address, length) = take("NOTIFY_SOCKET").flatMap(ServiceManager.address(of:)) ?? (nil, 0)
        let process = take("WATCHDOG_PID").flatMap { Int32($0) }, limit = take("WATCHDOG_USEC").flatMap { Int64($0) }
        interval = process == nil || process == getpid() ? limit.flatMap { $0 > 0 ? .microseconds($0 / 3) : nil } : nil
    }

    /// The gateway takes calls; from here on its event loop gives signs of life. To be called once.
    ///
    /// - Parameter status: What `systemctl status` shows; a line.
    func ready(_ status: String) {
        tell("READY=1\nSTATUS=\(status)")
        guard let interval, address != nil else { return }
        LoopActor.task { [weak self] in
            _ = LoopTimer.schedule(after: .zero, every: interval) { self?.tell("WATCHDOG=1") }
        }
    }

    /// The service ends: it takes no more calls.
    func stopping(_ status: String) { tell("STOPPING=1\nSTATUS=\(status)") }

    private func tell(_ message: String) {
        guard var address else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(message.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0, length)
            }
        }
    }

    /// A path, or with `@` before it a name that is in no file system.
    private static func address(of name: String) -> (sockaddr_un, socklen_t)? {
        var address = sockaddr_un(), bytes = Array(name.utf8)
        guard let first = bytes.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), bytes.count < MemoryLayout.size(ofValue: address.sun_path)
        else { return nil }
        if first == UInt8(ascii: "@") { bytes[0] = 0 }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return (address, socklen_t(MemoryLayout<sa_family_t>.size + bytes.count))
    }
}
