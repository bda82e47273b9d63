package store

import (
	"context"
	"leadgate/delivery"
	"time"
)

func (s *Store) Turn(ctx context.Context, now time.Time, ended []delivery.Settled, destinations []string, limit int, lease time.Duration) ([]delivery.Delivery, error) {
	return nil, nil
}
func (s *Store) NextAt(ctx context.Context, now time.Time, destinations []string) (time.Time, error) {
	return time.Time{}, nil
}
