internal import EventLoop
internal import Janus
internal import JSON
internal import Logging
internal import ProxyCore

/// The Janus handles of one session: performs its steps, and tells what Janus says about the handles.
@LoopActor
final class SessionHandles {
    /// What happened to a handle, as far as a session cares.
    enum Event {
        case up
        case flowing(kind: String, Bool)
        case slowLink
        /// The recording of that name, which was to begin with the session, does not.
        case notRecorded(String, SessionFailure)
        /// The session cannot go on.
        case gone(SessionEnd)
    }

    /// How long the called side's offer or the caller's answer may take to come out of VideoCall.
    private static let videoCallTimeout = Duration.seconds(10)

    var onEvent: (@LoopActor (Event) -> Void)?

    private let session: String
    /// The handles whose PeerConnection is a browser's, and not that of another handle.
    private let browsers: Set<SessionHandle.Role>
    private let backend: MediaBackend
    private let recorder: SessionRecorder
    private let log: Logger
    private var handles: [SessionHandle.Role: JanusHandle] = [:]
    private var client: JanusClient?
    /// The phones with SRTP.
    private var secure: [SessionHandle.Role: SecurePhone] = [:]
    private var applied: [SessionHandle.Role: MediaSettings] = [:]
    /// The handles whose PeerConnection is up.
    private var up: Set<SessionHandle.Role> = []
    private var isReleased = false
    /// Waits for the description that VideoCall gives to the other side's handle.
    private let handedOver = Handover()

    init(session: String, kind: SessionKind, backend: MediaBackend, recorder: SessionRecorder, log: Logger) {
        self.session = session
        browsers = Set(SessionSide.allCases.compactMap(kind.handle(ofBrowserAt:)))
        self.backend = backend
        self.recorder = recorder
        self.log = log
    }

    // MARK: Steps

    /// Does one step, and gives its text.
    func perform(_ step: MediaStep) async throws(SessionFailure) -> String {
        if case .letThrough(let moments) = step {
            try await letThrough(moments)
            return ""
        }
        do throws(JanusError) {
            return try await run(step)
        } catch {
            throw SessionFailure(error)
        }
    }

    private func run(_ step: MediaStep) async throws(JanusError) -> String {
        switch step {
        case .attach(let wanted):
            try await attach(wanted)
            return ""
        case .process(let role, let sdp, let kind):
            guard !keys(inPlain: sdp).isEmpty || secure[role] != nil else {
                return try await NoSIP(handle(role)).process(sdp, JSEP.Kind(kind)).sdp
            }
            return try await securePhone(role).process(sdp, JSEP.Kind(kind)).sdp
        case .generate(let role, let description, let suite):
            guard let suite else { return try await NoSIP(handle(role)).generate(JSEP(description)) }
            return try await securePhone(role).generate(JSEP(description), suite: suite)
        case .echo(let role, let description, let settings):
            return try await echo(role, description, settings)
        case .call(let offer):
            return try await call(offer)
        case .accept(let answer):
            let callee = VideoCall(try handle(.callee))
            return try await handedOver.wait(for: SessionHandles.videoCallTimeout) { () async throws(JanusError) in
                try await callee.accept(JSEP(answer))
            }
        case .update(let role, let description):
            let side = VideoCall(try handle(role))
            return try await handedOver.wait(for: SessionHandles.videoCallTimeout) { () async throws(JanusError) in
                try await side.set(MediaOptions(), JSEP(description))
            }
        case .letThrough: return ""
        }
    }

    /// A recording that cannot begin does not keep the echo from it.
    private func echo(
        _ role: SessionHandle.Role, _ description: BrowserDescription, _ wanted: MediaSettings
    ) async throws(JanusError) -> String {
        var settings = wanted
        if let name = wanted.recording, applied[role]?.recording != name {
            do throws(SessionFailure) {
                try await recorder.begin(name)
            } catch {
                settings.recording = nil
                onEvent?(.notRecorded(name, error))
            }
        }
        let options = options(settings, before: applied[role], side: role)
        applied[role] = settings
        return try await EchoTest(handle(role)).start(JSEP(description), options).sdp
    }

    private func attach(_ wanted: [SessionHandle]) async throws(JanusError) {
        let client = try backend.choose()
        self.client = client
        for one in wanted {
            let handle = try await attach(JanusPlugin(one.plugin), to: client)
            handles[one.role] = handle
            handle.onEvent = { [weak self] event in self?.heard(event, from: one.role) }
        }
    }

    private func attach(_ plugin: JanusPlugin, to client: JanusClient) async throws(JanusError) -> JanusHandle {
        let handle = try await client.attach(plugin)
        guard !isReleased else {
            await handle.detach()
            throw .cancelled
        }
        return handle
    }

    private func securePhone(_ role: SessionHandle.Role) throws(JanusError) -> SecurePhone {
        if let phone = secure[role] { return phone }
        guard let client else { throw .detached }
        let phone = SecurePhone(NoSIP(try handle(role))) { [weak self] () async throws(JanusError) in
            guard let self else { throw .cancelled }
            let handle = try await attach(.noSIP, to: client)
            handle.onEvent = { [weak self] event in
                // Of what goes on between handles of Janus only the end is of interest.
                switch event {
                case .hangup(let reason): self?.onEvent?(.gone(SessionHandles.end(betweenHandles: reason)))
                case .lost: self?.heard(event, from: role)
                default: break
                }
            }
            return NoSIP(handle)
        }
        secure[role] = phone
        return phone
    }

    /// Both sides get names that nobody else has; the caller's offer comes out at the called side's handle.
    private func call(_ offer: BrowserDescription) async throws(JanusError) -> String {
        let caller = VideoCall(try handle(.caller))
        let callee = VideoCall(try handle(.callee))
        try await caller.register("\(session)-caller")
        try await callee.register("\(session)-callee")
        return try await handedOver.wait(for: SessionHandles.videoCallTimeout) { () async throws(JanusError) in
            try await caller.call("\(self.session)-callee", JSEP(offer))
        }
    }

    private func handle(_ role: SessionHandle.Role) throws(JanusError) -> JanusHandle {
        guard let handle = handles[role] else { throw .detached }
        return handle
    }

    func trickle(_ candidate: TrickledCandidate, to role: SessionHandle.Role) {
        guard let handle = handles[role] else { return }
        if let text = candidate.candidate {
            handle.trickle(
                JanusCandidate(sdpMid: candidate.mid, sdpMLineIndex: candidate.mediaLineIndex, candidate: text))
        } else {
            handle.trickleCompleted()
        }
    }

    // MARK: Settings

    /// Long enough for a packet of sound or two.
    private static let moment = Duration.milliseconds(40)

    /// Opens the handles, and closes them again whatever comes.
    private func letThrough(_ moments: [Moment]) async throws(SessionFailure) {
        var failure: SessionFailure?
        for isOpen in [true, false] {
            for moment in moments {
                do throws(SessionFailure) {
                    try await set(isOpen ? moment.open : moment.closed, on: moment.handle)
                } catch {
                    failure = error
                }
            }
            guard isOpen else { continue }
            await withCheckedContinuation { continuation in
                _ = LoopTimer.schedule(after: SessionHandles.moment) { continuation.resume() }
            }
        }
        if let failure { throw failure }
    }

    /// Makes a handle do what `settings` say; all but the recording where that is what fails.
    func apply(_ settings: MediaSettings, to wanted: SessionHandle) async throws(SessionFailure) {
        var settings = settings
        var refusal: SessionFailure?
        if let name = settings.recording, applied[wanted.role]?.recording != name {
            do throws(SessionFailure) {
                try await recorder.begin(name)
            } catch {
                settings.recording = nil
                refusal = error
            }
        }
        try await set(settings, on: wanted)
        if let refusal { throw refusal }
    }

    private func set(_ settings: MediaSettings, on wanted: SessionHandle) async throws(SessionFailure) {
        let wasUp = up.contains(wanted.role)
        do throws(JanusError) {
            let handle = try handle(wanted.role)
            if wanted.plugin == .noSIP {
                try await flow(settings, before: applied[wanted.role], on: NoSIP(handle), secure[wanted.role])
                try await endPart(on: handle, wanted.role, before: settings)
                try await record(settings, before: applied[wanted.role], on: NoSIP(handle))
            } else {
                try await endPart(on: handle, wanted.role, before: settings)
                let options = options(settings, before: applied[wanted.role], side: wanted.role)
                if wanted.plugin == .echoTest { try await EchoTest(handle).update(options) } else { try await VideoCall(handle).set(options) }
            }
            applied[wanted.role] = settings
            if !wasUp { repeatLimit(on: wanted.role) }
        } catch {
            throw SessionFailure(error)
        }
    }

    /// The options that differ from those that were applied before: a plugin would begin a recording anew when told again.
    private func options(_ settings: MediaSettings, before: MediaSettings?, side: SessionHandle.Role) -> MediaOptions {
        var options = MediaOptions(audio: settings.audio, video: settings.video, bitrate: settings.bitrate)
        if settings.recording != before?.recording {
            options.record = settings.recording != nil
            options.filename = settings.recording.map { recorder.path($0, part: settings.part, side) }
        }
        return options
    }

    /// A plugin tells the browser of a limit at once and never again: before the PeerConnection is up nobody hears it.
    private func repeatLimit(on role: SessionHandle.Role) {
        guard up.contains(role), let handle = handles[role], let bitrate = applied[role]?.bitrate, bitrate > 0 else { return }
        let options = MediaOptions(bitrate: bitrate)
        LoopActor.task { [log] in
            do throws(JanusError) {
                switch handle.plugin {
                case .echoTest: try await EchoTest(handle).update(options)
                case .videoCall: try await VideoCall(handle).set(options)
                case .noSIP, .engine: break
                }
            } catch {
                log.warning("the limit of what a browser sends is not kept", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Closes the files of a part when another one follows: a plugin would write both at once.
    private func endPart(on handle: JanusHandle, _ role: SessionHandle.Role, before settings: MediaSettings) async throws(JanusError) {
        guard let before = applied[role], before.recording != nil, settings.recording != nil, !settings.continues(before) else { return }
        try await endRecording(on: handle)
        applied[role]?.recording = nil
    }

    /// The description that comes back is for nobody: the browser's side is as it was. A recording that begins needs it
    /// too: NoSIP learns the codecs that it writes into the file from an answer only.
    private func flow(_ settings: MediaSettings, before: MediaSettings?, on handle: NoSIP, _ phone: SecurePhone?) async throws(JanusError) {
        let before = before ?? MediaSettings()
        let isMuted = !settings.audio || !settings.video
        let isChanged = (settings.audio, settings.video) != (before.audio, before.video)
        let records = settings.recording != nil && !settings.continues(before)
        guard let plain = settings.plain, isMuted || isChanged || records else { return }
        if let phone { try await phone.refresh(plain) } else { try await handle.refresh(plain) }
    }

    private func record(_ settings: MediaSettings, before: MediaSettings?, on handle: NoSIP) async throws(JanusError) {
        guard settings.recording != before?.recording else { return }
        if before?.recording != nil { try await handle.stopRecording() }
        guard let name = settings.recording, settings.audio || settings.video else { return }
        try await handle.startRecording(recorder.path(name, part: settings.part, .caller), audio: settings.audio, video: settings.video)
    }

    /// Asks at the handle of that role for a full picture; where it cannot be, the next one is waited for.
    func askForPicture(_ role: SessionHandle.Role) {
        guard let handle = handles[role] else { return }
        LoopActor.task { [log] in
            do throws(JanusError) {
                try await NoSIP(handle).askForPicture()
            } catch {
                log.debug("no picture could be asked for", metadata: ["error": "\(error)"])
            }
        }
    }

    /// What Janus has counted on the handle of that role, by kind.
    func statistics(_ role: SessionHandle.Role) async -> [String: MediumStatistics] {
        guard let handle = handles[role] else { return [:] }
        return await backend.statistics(of: handle)
    }

    // MARK: Events and end

    private func heard(_ event: JanusHandleEvent, from role: SessionHandle.Role) {
        switch event {
        case .webrtcUp:
            up.insert(role)
            repeatLimit(on: role)
            onEvent?(.up)
        case .media(let kind, let receiving): onEvent?(.flowing(kind: kind.rawValue, receiving))
        case .slowLink: onEvent?(.slowLink)
        case .hangup(let reason): onEvent?(.gone(end(for: reason, from: role)))
        case .lost: onEvent?(.gone(.mediaServerLost))
        case .plugin(let data, let jsep): heard(VideoCallEvent(data, jsep))
        case .candidate, .candidatesCompleted: break
        }
    }

    private func heard(_ event: VideoCallEvent?) {
        switch event {
        case .incomingCall(_, let jsep), .accepted(_, let jsep), .update(let jsep): handedOver.deliver(jsep.sdp)
        case .hangup(_, let reason): onEvent?(.gone(SessionHandles.end(for: reason)))
        case nil: break
        }
    }

    private func end(for reason: String, from role: SessionHandle.Role) -> SessionEnd {
        guard browsers.contains(role) else { return SessionHandles.end(betweenHandles: reason) }
        // NoSIP itself closes a browser's connection for one reason only.
        return handles[role]?.plugin == .noSIP && reason == "Close PC" ? .phoneUnreachable : SessionHandles.end(for: reason)
    }

    /// NoSIP closes its end after 100 errors of `poll` without RTP from the phone (1.1.2, `janus_nosip_relay_thread`); the other end gets an alert.
    private static func end(betweenHandles reason: String) -> SessionEnd {
        ["DTLS alert", "Close PC"].contains(reason) ? .phoneUnreachable : end(for: reason)
    }

    /// Janus' reasons: a DTLS alert is how a browser says goodbye (RFC 8446 section 6.1); all others are failures.
    private static func end(for reason: String) -> SessionEnd {
        ["DTLS alert", "Close PC", "Remote WebRTC hangup", "User hangup"].contains(reason) ? .mediaClosed : .mediaFailed(reason)
    }

    /// Gives all handles back. Also those that are still being attached, as soon as they are.
    ///
    /// - Parameter done: Called when they are, and Janus has let go of what it recorded.
    func release(_ done: @escaping @LoopActor () -> Void) {
        guard !isReleased else { return done() }
        isReleased = true
        onEvent = nil
        handedOver.cancel()
        let open = handles
        handles = [:]
        secure.values.forEach { $0.release() }
        secure = [:]
        open.values.forEach { $0.onEvent = nil }
        let ends = open.map { role, handle in
            LoopActor.task { [self] in
                // Janus writes the rest of a file when it closes it, which a handle that is detached may do a moment later.
                if applied[role]?.recording != nil { try? await endRecording(on: handle) }
                await handle.detach()
            }
        }
        LoopActor.task {
            for end in ends { await end.value }
            done()
        }
    }

    private func endRecording(on handle: JanusHandle) async throws(JanusError) {
        switch handle.plugin {
        case .noSIP: try await NoSIP(handle).stopRecording()
        case .echoTest: try await EchoTest(handle).update(MediaOptions(record: false))
        case .videoCall: try await VideoCall(handle).set(MediaOptions(record: false))
        case .engine: break
        }
    }
}

extension MediaSettings {
    /// Whether what is recorded goes on as it was.
    fileprivate func continues(_ before: MediaSettings) -> Bool { recording == before.recording && part == before.part }
}

extension JSEP {
    init(_ description: BrowserDescription) {
        self.init(
            type: Kind(description.role), sdp: description.sdp, trickle: description.trickle ? true : nil,
            update: description.isUpdate ? true : nil)
    }
}

extension JSEP.Kind {
    init(_ role: DescriptionRole) { self = role == .offer ? .offer : .answer }
}

extension JanusPlugin {
    init(_ plugin: SessionHandle.Plugin) {
        switch plugin {
        case .echoTest: self = .echoTest
        case .noSIP: self = .noSIP
        case .videoCall: self = .videoCall
        }
    }
}

extension SessionFailure {
    /// A plugin refuses what is wrong with a description; everything else is Janus' own trouble.
    init(_ error: JanusError) {
        switch error {
        case .plugin, .refused, .invalid: self = .refused(error.description)
        case .notReady, .lost, .detached, .timeout, .cancelled, .overloaded, .malformed:
            self = .unavailable(error.description)
        }
    }
}
