import Testing

/// The calls that many tests begin with.
extension Stage {
    /// Runs `body` in an established call between alice's page and a phone that has heard it, and ends the call.
    ///
    /// - Parameters:
    ///   - pageCalls: Whether the page calls the phone, or is called by it.
    ///   - prepare: What is to be set before the call.
    ///   - end: How the call ends; without it the phone hangs up.
    func call(
        pageCalls: Bool = true, prepare: (SIPPhone) -> Void = { _ in }, _ body: (Page, SIPPhone) async throws -> Void,
        end: (Page, SIPPhone) async throws -> Void = Stage.phoneHangsUp
    ) async throws {
        let phone = try SIPPhone(self)
        defer { phone.stop() }
        prepare(phone)
        try await with("alice") { page in
            if pageCalls {
                try await page.dial(phone.uri)
                try await phone.called()
                try await phone.accept()
                try await page.wait(for: "in-call")
            } else {
                phone.call("alice")
                try await page.answer()
                try await phone.answered()
            }
            #expect(await phone.audio.hears(Chromium.frequency))
            try await body(page, phone)
            try await end(page, phone)
        }
    }

    static func phoneHangsUp(_ page: Page, _ phone: SIPPhone) async throws {
        try await phone.hangUp()
        _ = try await page.endOfCall()
    }

    /// Runs `body` in an established call of two phones that have heard each other, one with 500 Hz, the other with 700 Hz, and ends the call.
    ///
    /// - Parameters:
    ///   - prepare: What is to be set before the call.
    ///   - end: How the call ends; without it the caller hangs up.
    func callOfPhones(
        prepare: (SIPPhone, SIPPhone) -> Void = { _, _ in }, _ body: (_ caller: SIPPhone, _ called: SIPPhone) async throws -> Void,
        end: (SIPPhone, SIPPhone) async throws -> Void = Stage.callerHangsUp
    ) async throws {
        let caller = try SIPPhone(self, frequency: 500), called = try SIPPhone(self, frequency: 700, port: gateway.phonePort)
        defer {
            caller.stop()
            called.stop()
        }
        prepare(caller, called)
        caller.call("phone")
        try await called.called()
        try await called.accept()
        try await caller.answered()
        #expect(await caller.audio.hears(700))
        #expect(await called.audio.hears(500))
        try await body(caller, called)
        try await end(caller, called)
    }

    static func callerHangsUp(_ caller: SIPPhone, _ called: SIPPhone) async throws {
        try await caller.hangUp()
        try await called.hungUp()
    }
}
