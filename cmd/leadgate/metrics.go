package main

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leadgate/bot"
	"leadgate/chat"
	"leadgate/delivery"
	"leadgate/store"
)

// metrics are those of the process as a whole.
type metrics struct {
	reloads    prometheus.Gauge
	reloadedAt prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		reloads: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "leadgate_config_last_reload_successful", Help: "Whether the last attempt to load the config put it in force (1) or was refused (0).",
		}),
		reloadedAt: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "leadgate_config_last_reload_success_timestamp_seconds", Help: "When the config in force was loaded, in Unix time.",
		}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "leadgate_build_info", Help: "Always 1; the labels say what runs.",
	}, []string{"version", "revision"})
	build.WithLabelValues(buildVersion()).Set(1)
	reg.MustRegister(m.reloads, m.reloadedAt, build)
	return m
}

// reloaded records an attempt to load the config.
func (m *metrics) reloaded(ok bool, at time.Time) {
	if !ok {
		m.reloads.Set(0)
		return
	}
	m.reloads.Set(1)
	m.reloadedAt.Set(float64(at.UnixMilli()) / 1000)
}

// scrapeTimeout bounds what the store is asked while Prometheus waits.
const scrapeTimeout = 5 * time.Second

// storeCollector asks the store for its queue, its chats and its size whenever Prometheus does.
type storeCollector struct {
	store                       *store.Store
	policy                      func() *bot.Policy // in force; its destinations have their metrics from the beginning
	pending, dead, oldest, size *prometheus.Desc
	chats, waiting, available   *prometheus.Desc
}

func newStoreCollector(st *store.Store, policy func() *bot.Policy) *storeCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("leadgate_"+name, help, labels, nil)
	}
	return &storeCollector{
		store:   st,
		policy:  policy,
		pending: desc("deliveries_pending", "Deliveries that wait to be sent, by destination.", "destination"),
		dead:    desc("deliveries_dead", "Deliveries that were given up, by destination.", "destination"),
		oldest:  desc("deliveries_oldest_pending_seconds", "Age of the oldest delivery that waits, by destination.", "destination"),
		size:    desc("store_size_bytes", "Size of the store."),

		chats:     desc("chats", "Open chats, by status.", "status"),
		waiting:   desc("chats_oldest_waiting_seconds", "For how long the chat that waits longest has waited for an agent."),
		available: desc("agents_available", "Agents who could get a chat now."),
	}
}

// Describe implements prometheus.Collector.
func (c *storeCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.pending, c.dead, c.oldest, c.size, c.chats, c.waiting, c.available} {
		descs <- d
	}
}

// Collect implements prometheus.Collector. A store that does not answer leaves its metrics out.
func (c *storeCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	stats, err := c.store.QueueStats(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(c.pending, err)
		return
	}
	for _, d := range c.policy().Subscriptions {
		if !slices.ContainsFunc(stats, func(s store.QueueStat) bool { return s.Destination == d.Destination }) {
			stats = append(stats, store.QueueStat{Health: delivery.Health{Destination: d.Destination}})
		}
	}
	now := time.Now()
	for _, s := range stats {
		age := 0.0
		if !s.OldestAt.IsZero() {
			age = max(0, now.Sub(s.OldestAt).Seconds())
		}
		out <- prometheus.MustNewConstMetric(c.pending, prometheus.GaugeValue, float64(s.Pending), s.Destination)
		out <- prometheus.MustNewConstMetric(c.dead, prometheus.GaugeValue, float64(s.Dead), s.Destination)
		out <- prometheus.MustNewConstMetric(c.oldest, prometheus.GaugeValue, age, s.Destination)
	}
	c.collectChats(ctx, out, now)
	if size, err := c.store.Size(ctx); err == nil {
		out <- prometheus.MustNewConstMetric(c.size, prometheus.GaugeValue, float64(size))
	}
}

// collectChats tells how chats and agents stand.
func (c *storeCollector) collectChats(ctx context.Context, out chan<- prometheus.Metric, now time.Time) {
	stats, err := c.store.ChatStats(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(c.chats, err)
		return
	}
	for _, status := range []chat.Status{chat.ChatMenu, chat.ChatWaiting, chat.ChatAssigned, chat.ChatTaken} {
		out <- prometheus.MustNewConstMetric(c.chats, prometheus.GaugeValue, float64(stats.ByStatus[status]), string(status))
	}
	age := 0.0
	if !stats.WaitingSince.IsZero() {
		age = max(0, now.Sub(stats.WaitingSince).Seconds())
	}
	out <- prometheus.MustNewConstMetric(c.waiting, prometheus.GaugeValue, age)

	team := c.policy().Routing
	var names []string
	for _, a := range team.Agents() {
		names = append(names, a.Name)
	}
	states, err := c.store.AgentStates(ctx, names)
	if err != nil {
		out <- prometheus.NewInvalidMetric(c.available, err)
		return
	}
	available := 0
	for _, name := range names {
		if is, _ := team.Available(name, states[name], now); is {
			available++
		}
	}
	out <- prometheus.MustNewConstMetric(c.available, prometheus.GaugeValue, float64(available))
}
