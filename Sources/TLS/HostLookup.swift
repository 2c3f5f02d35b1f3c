internal import Dispatch
internal import Glibc
internal import Synchronization

/// An address of a host, for `connect`.
struct HostAddress: Sendable, Equatable {
    let family: Int32
    /// A `sockaddr`, whose port is that of the connection to come.
    fileprivate(set) var bytes: [UInt8]

    /// With a port. It stands at the same place in `sockaddr_in` and `sockaddr_in6`.
    func with(port: Int) -> HostAddress {
        var address = self
        guard bytes.count >= 4 else { return address }
        (address.bytes[2], address.bytes[3]) = (UInt8(truncatingIfNeeded: port >> 8), UInt8(truncatingIfNeeded: port))
        return address
    }
}

/// Addresses of host names by the system's resolver, which may block for half a minute: each name is looked up on a thread of its own, and nobody waits
/// longer than it wants to. Where a name server does not answer the addresses of before count.
final class HostLookup: Sendable {
    /// The system's answers.
    static let system = HostLookup { host throws(BlockingStreamError) in try HostLookup.lookUp(host, flags: AI_ADDRCONFIG) }
    /// Names that are looked up at once, and whose addresses are remembered.
    private static let most = (pending: 16, known: 64)

    private typealias Answer = Result<[HostAddress], BlockingStreamError>

    private final class Lookup: Sendable {
        /// Empty when there is an answer.
        let group = DispatchGroup()
        let answer = Mutex<Answer?>(nil)
    }

    private struct State {
        var pending: [String: Lookup] = [:]
        var known: [String: [HostAddress]] = [:]
    }

    private let state = Mutex(State())
    private let ask: @Sendable (String) throws(BlockingStreamError) -> [HostAddress]

    /// - Parameter ask: Finds the addresses of a name, and may block.
    init(ask: @escaping @Sendable (String) throws(BlockingStreamError) -> [HostAddress]) { self.ask = ask }

    /// The addresses of a host; for an address itself.
    ///
    /// - Throws: Also where they are not found in time, and have not been before.
    func find(_ host: String, until deadline: ContinuousClock.Instant) throws(BlockingStreamError) -> [HostAddress] {
        if let numeric = try? HostLookup.lookUp(host, flags: AI_NUMERICHOST) { return numeric }
        let (lookup, known) = state.withLock { state in (self.lookup(host, &state), state.known[host]) }
        let left = max(.zero, ContinuousClock.now.duration(to: deadline)) / .nanoseconds(1)
        guard let lookup, lookup.group.wait(timeout: .now() + .nanoseconds(Int(min(left, 1e12)))) == .success, let answer = lookup.answer.withLock({ $0 }) else {
            if let known { return known }
            throw BlockingStreamError("\(host) is not found in time: the name server does not answer", isTimeout: true)
        }
        switch answer {
        case .success(let addresses): return addresses
        case .failure(let error):
            if error.isTimeout, let known { return known }
            throw error
        }
    }

    /// The lookup of a name that is under way, or a new one; nil where there are too many.
    private func lookup(_ host: String, _ state: inout State) -> Lookup? {
        if let lookup = state.pending[host] { return lookup }
        guard state.pending.count < HostLookup.most.pending else { return nil }
        let lookup = Lookup()
        lookup.group.enter()
        state.pending[host] = lookup
        DispatchQueue(label: "tern.names").async {
            let answer: Answer
            do throws(BlockingStreamError) { answer = .success(try self.ask(host)) } catch { answer = .failure(error) }
            lookup.answer.withLock { $0 = answer }
            self.state.withLock { state in
                state.pending[host] = nil
                if case .success(let addresses) = answer, state.known[host] != nil || state.known.count < HostLookup.most.known {
                    state.known[host] = addresses
                }
            }
            lookup.group.leave()
        }
        return lookup
    }

    private static func lookUp(_ host: String, flags: Int32) throws(BlockingStreamError) -> [HostAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = flags
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &found)
        guard code == 0 else {
            throw BlockingStreamError("\(host): \(gai_strerror(code).map { String(cString: $0) } ?? "is not found")", isTimeout: code == EAI_AGAIN)
        }
        defer { freeaddrinfo(found) }
        var addresses: [HostAddress] = [], next = found
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = entry.ai_addr else { continue }
            addresses.append(HostAddress(family: entry.ai_family, bytes: Array(UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen)))))
        }
        return addresses
    }
}
