//! The wire between `parlord` and its clients.
