/// Where bindings are kept beyond the life of the process. All of it blocks, and is called off the loop, one call after
/// another.
protocol BindingStore: AnyObject, Sendable {
    /// What a former process has stored and has not ended.
    func load() throws(RegistrarError) -> [Binding]
    /// Stores a batch wholly, or not at all. After an error the next batch is ``StoreBatch/everything(_:)``.
    func write(_ batch: StoreBatch) throws(RegistrarError)
    func close()
}

/// What is to be stored at once.
enum StoreBatch: Sendable {
    /// These are new or other than before; those with these numbers are gone.
    case changes([Binding], gone: [Int64])
    /// There are the registrar's, and no others. It is copied in no time, and counted out where that keeps nobody waiting.
    case everything(Registrar)
}
