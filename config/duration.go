package config

import (
	"time"

	"leadgate/chat"
)

// ParseDuration is chat.ParseDuration.
func ParseDuration(text string) (time.Duration, error) { return chat.ParseDuration(text) }
