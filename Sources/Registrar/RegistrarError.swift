/// Why registrations cannot be stored.
public enum RegistrarError: Error, Equatable, CustomStringConvertible {
    /// The directory that the database is to be in is not there.
    case noDirectory(String)
    /// The database cannot be opened, read or written now; it may be later.
    case unavailable(String)
    /// The database was no database, or a damaged one; it has been given this name, and is begun anew.
    case damaged(movedTo: String)

    public var description: String {
        switch self {
        case .noDirectory(let path): "registrar.database: there is no directory \(path)"
        case .unavailable(let text): text
        case .damaged(let path): "the database was damaged, and is now \(path)"
        }
    }
}
