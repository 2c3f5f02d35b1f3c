internal import CAres
internal import Glibc

/// Questions at c-ares, and what came of them. Belongs to one thread; ``ResolverThread`` runs it.
///
/// c-ares sends, repeats, goes to the next server, and over to TCP when an answer was cut off. ``DNSMessage`` reads the bytes of an
/// answer, because c-ares 1.18 tells no lifetimes of SRV and NAPTR records.
final class AresChannel {
    /// Sets c-ares up for the whole process, once: that is not safe from two threads.
    private static let library = ares_library_init(ARES_LIB_INIT_ALL)

    private let configuration: ResolverConfiguration
    private var channel: ares_channel?
    private var pending: Set<DNSQuestion> = []
    private var answered: [ResolverThread.Answered] = []
    private var isReplacing = false

    private let serversFile: SystemFile
    private let hostsFile: SystemFile
    private var serversStamp = SystemFile.Stamp()
    private var hostsStamp: SystemFile.Stamp?
    private var hosts = HostsFile("")
    private var lastCheck: ContinuousClock.Instant?

    init(_ configuration: ResolverConfiguration) {
        self.configuration = configuration
        serversFile = SystemFile(path: configuration.files.nameServers)
        hostsFile = SystemFile(path: configuration.files.hosts)
    }

    func ask(_ question: DNSQuestion) {
        lookAtFiles()
        if let answer = hosts.answer(to: question) { return answered.append((question, .success(answer))) }
        pending.insert(question)
        send(question)
    }

    /// What came since this was last called.
    func takeAnswered() -> [ResolverThread.Answered] {
        defer { answered = [] }
        return answered
    }

    /// Sleeps until `waking` is readable or c-ares has something to do, and lets c-ares do it.
    func turn(waking descriptor: Int32) {
        var polled = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        var milliseconds: Int32 = -1
        if let channel {
            polled += sockets(of: channel)
            var time = timeval()
            if ares_timeout(channel, nil, &time) != nil {
                milliseconds = Int32(clamping: time.tv_sec * 1_000 + (time.tv_usec + 999) / 1_000)
            }
        }
        poll(&polled, nfds_t(polled.count), milliseconds)
        guard let channel else { return }
        var isReady = false
        for socket in polled.dropFirst() where socket.revents != 0 {
            isReady = true
            let mayRead = Int32(socket.revents) & (POLLIN | POLLERR | POLLHUP) != 0
            let mayWrite = Int32(socket.revents) & (POLLOUT | POLLERR | POLLHUP) != 0
            ares_process_fd(channel, mayRead ? socket.fd : ARES_SOCKET_BAD, mayWrite ? socket.fd : ARES_SOCKET_BAD)
        }
        // Timeouts alone.
        if !isReady { ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD) }
    }

    /// Ends every question that is under way.
    func close() {
        if let channel { ares_destroy(channel) }
        channel = nil
    }

    // MARK: Questions

    private func send(_ question: DNSQuestion) {
        if channel == nil { channel = open() }
        guard let channel else { return finish(question, .failure(.serverFailed)) }
        // c-ares calls back exactly once for each question, at the latest when the channel is destroyed.
        let query = Unmanaged.passRetained(Query(question, of: self)).toOpaque()
        let internet: Int32 = 1
        ares_query(channel, question.name.description, internet, Int32(question.type.rawValue), { query, status, _, bytes, count in
            guard let query else { return }
            let asked = Unmanaged<Query>.fromOpaque(query).takeRetainedValue()
            let answer = UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : Int(max(0, count)))
            asked.channel.called(back: asked.question, status: status, answer: Array(answer))
        }, query)
    }

    private final class Query {
        let question: DNSQuestion
        let channel: AresChannel

        init(_ question: DNSQuestion, of channel: AresChannel) {
            self.question = question
            self.channel = channel
        }
    }

    private func called(back question: DNSQuestion, status: Int32, answer: [UInt8]) {
        // The channel is being replaced: the question goes to the new one.
        if isReplacing { return }
        switch status {
        case ARES_SUCCESS:
            do throws(ResolverError) {
                finish(question, .success(try DNSMessage.answer(in: answer, to: question)))
            } catch {
                finish(question, .failure(error))
            }
        default:
            finish(question, AresChannel.result(of: status))
        }
    }

    private func finish(_ question: DNSQuestion, _ result: DNSResult) {
        guard pending.remove(question) != nil else { return }
        answered.append((question, result))
    }

    // MARK: The channel

    private func open() -> ares_channel? {
        let servers = configuration.nameServers.isEmpty
            ? NameServer.list(inResolvConf: serversFile.text(limit: 65_536), port: configuration.files.nameServerPort)
            : Array(configuration.nameServers.prefix(ResolverConfiguration.maximumNameServers))
        var options = ares_options()
        options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES
        options.timeout = configuration.serverTimeout
        options.tries = servers.count == 1 ? 3 : 2
        guard AresChannel.library == ARES_SUCCESS else { return nil }
        var channel: ares_channel?
        let mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NOROTATE
        guard ares_init_options(&channel, &options, mask) == ARES_SUCCESS, let channel else { return nil }
        let list = servers.map(\.description).joined(separator: ",")
        guard ares_set_servers_ports_csv(channel, list) == ARES_SUCCESS else {
            ares_destroy(channel)
            return nil
        }
        return channel
    }

    /// Follows changes of the system's files, which are looked at once in a while.
    private func lookAtFiles() {
        let now = ContinuousClock.now
        if let lastCheck, now - lastCheck < configuration.files.checkInterval { return }
        lastCheck = now
        let hostsStamp = hostsFile.stamp
        if hostsStamp != self.hostsStamp {
            self.hostsStamp = hostsStamp
            hosts = HostsFile(hostsFile.text(limit: HostsFile.maximumSize))
        }
        guard configuration.nameServers.isEmpty else { return }
        let serversStamp = serversFile.stamp
        if serversStamp != self.serversStamp { replaceChannel() }
        self.serversStamp = serversStamp
    }

    /// What is under way is asked again, of the servers that are named now.
    private func replaceChannel() {
        guard channel != nil else { return }
        isReplacing = true
        close()
        isReplacing = false
        for question in pending { send(question) }
    }

    private func sockets(of channel: ares_channel) -> [pollfd] {
        var descriptors = [ares_socket_t](repeating: ARES_SOCKET_BAD, count: Int(ARES_GETSOCK_MAXNUM))
        let bits = ares_getsock(channel, &descriptors, ARES_GETSOCK_MAXNUM)
        return descriptors.enumerated().compactMap { index, descriptor in
            let reads = bits >> Int32(index) & 1 != 0
            let writes = bits >> (Int32(index) + ARES_GETSOCK_MAXNUM) & 1 != 0
            guard reads || writes else { return nil }
            return pollfd(fd: descriptor, events: Int16((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), revents: 0)
        }
    }
}

extension AresChannel {
    /// What a status other than success means.
    private static func result(of status: Int32) -> DNSResult {
        switch status {
        case ARES_ENODATA, ARES_ENOTFOUND: .success(.none)
        case ARES_ETIMEOUT: .failure(.timedOut)
        case ARES_EBADRESP: .failure(.malformedAnswer)
        case ARES_EDESTRUCTION, ARES_ECANCELLED: .failure(.stopped)
        default: .failure(.serverFailed)
        }
    }
}
