package prometheus

// Temporary is [QueryError.temporary].
func (e *QueryError) Temporary() bool { return e.temporary() }
