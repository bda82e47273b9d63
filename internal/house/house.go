// Package house holds the tests that keep the project's own rules: which package may import which, and that what the
// documents say is so. It holds no code of the daemon, and nothing imports it.
package house
