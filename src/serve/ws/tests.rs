//! Messages and answers, without a connection.
