import Foundation
import JSON

/// One window of a browser.
struct Page: Sendable {
    let browser: any Browser
    let handle: String

    /// Runs the body of an asynchronous function in the page; `return` gives its value. `args` has the arguments.
    @discardableResult
    func run(_ body: String, _ arguments: JSONValue...) async throws -> JSONValue {
        let script = """
            const done = arguments[arguments.length - 1], args = Array.prototype.slice.call(arguments, 0, -1);
            (async () => { \(body) })().then(value => done({ value: value ?? null }), error => done({ error: `${error}\n${error.stack}` }));
            """
        let result = try await browser.execute(script, arguments, in: handle)
        if let error = result["error"]?.stringValue { throw HarnessError("in the page: \(error)\n\(body)") }
        return result["value"] ?? .null
    }

    func close() async throws { try await browser.close(handle) }

    // MARK: As a user

    func click(_ id: String) async throws { try await run("document.getElementById(args[0]).click()", .string(id)) }

    /// Into a field, as if by keyboard.
    func type(_ text: String, into id: String) async throws {
        let body = "const field = document.getElementById(args[0]); field.value = args[1]; field.dispatchEvent(new Event('input', { bubbles: true }))"
        try await run(body, .string(id), .string(text))
    }

    /// Waits until an expression over the document is true, which is looked at whenever the document changes.
    func wait(until condition: String, within limit: Duration = .patience) async throws {
        let isTrue = try await run(
            """
            const holds = () => Boolean(\(condition));
            return await new Promise(resolve => {
              const end = value => { observer.disconnect(); clearTimeout(timer); resolve(value); };
              const observer = new MutationObserver(() => { if (holds()) end(true); });
              const timer = setTimeout(() => end(holds()), args[0]);
              observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
              if (holds()) end(true);
            });
            """, .integer(Int(limit.seconds * 1000)))
        guard isTrue == .bool(true) else {
            let state = (try? await run("return document.body.dataset.state + ': ' + document.body.innerText"))?.stringValue
            throw HarnessError("not within \(limit): \(condition); the page is in \(state ?? "no state")\n\(await browser.console())")
        }
    }

    // MARK: Ears

    /// Whether a stream, an expression of the page, carries a tone of that frequency for half a second.
    ///
    /// - Returns: Nil when it does, else what was heard instead.
    func missing(_ frequency: Double, in stream: String, within limit: Duration = .patience) async throws -> String? {
        try await run(
            """
            // Asked for each time: it may come late, and be another after a transfer.
            const track = () => { try { return (\(stream))?.getAudioTracks()[0]; } catch { return undefined; } };
            const context = new AudioContext();
            const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0.5 });
            const spectrum = new Float32Array(analyser.frequencyBinCount), width = context.sampleRate / analyser.fftSize;
            const peak = () => {
              analyser.getFloatFrequencyData(spectrum);
              let best = 3;
              for (let bin = 3; bin < spectrum.length; bin++) if (spectrum[bin] > spectrum[best]) best = bin;
              return { frequency: best * width, level: spectrum[best] };
            };
            const end = performance.now() + args[1];
            let count = 0, last = 'no audio track', source, listened;
            while (count < 10 && performance.now() < end) {
              const current = track();
              if (current !== listened) {
                source?.disconnect();
                source = current && context.createMediaStreamSource(new MediaStream([current]));
                source?.connect(analyser);
                listened = current;
              }
              await new Promise(resolve => setTimeout(resolve, 50));
              if (!listened) { count = 0; continue; }
              const { frequency, level } = peak();
              last = `${frequency.toFixed(0)} Hz at ${level.toFixed(0)} dB`;
              count = level > -60 && Math.abs(frequency - args[0]) < 2.5 * width ? count + 1 : 0;
            }
            await context.close();
            return count >= 10 ? null : last;
            """, .real(frequency), .integer(Int(limit.seconds * 1000))
        ).stringValue
    }
}
