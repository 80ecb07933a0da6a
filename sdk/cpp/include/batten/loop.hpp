/// The host's event loop, for asynchronous executors in C++.
#ifndef BATTEN_LOOP_HPP
#define BATTEN_LOOP_HPP

#include <batten/context.hpp>

namespace batten {

/// Something that the loop will call, until it is cancelled. Belongs to the loop's thread; goes on also if nobody
/// holds it.
class Scheduled {
  public:
    Scheduled() = default;
    /// Ends it: its function is dropped and not called again.
    void cancel() {
        if (!state_ || !state_->active) return;
        state_->active = false;
        state_->work = nullptr;
        auto loop = state_->host.find<batten_loop>(BATTEN_SERVICE_LOOP);
        if (loop && state_->fd < 0) loop->untimer(state_->host.table(), state_->timer);
        else if (loop) loop->unwatch(state_->host.table(), state_->fd);
        state_->self.reset();
    }

  private:
    struct State {
        Host host;
        int fd = -1;
        std::uint64_t timer = 0;
        bool active = true;
        std::function<void(std::uint32_t)> work;
        std::shared_ptr<State> self = nullptr;
    };
    std::shared_ptr<State> state_;

    friend class Loop;
};

/// The loop of one instance. `begin`, `cancel` and all its callbacks share a thread; `post` is for every other.
class Loop {
  public:
    /// Finds the loop of the calling thread; throws Failure if there is none.
    explicit Loop(Host host) : host_(host) {
        auto service = table();
        if (!service || service->current(host.table(), &id_) != BATTEN_RC_OK)
            throw Failure(BATTEN_CLASS_FAILED, "loop.missing", "this host offers no event loop", BATTEN_EFFECT_NONE);
    }

    /// Calls a function once, after some time.
    Scheduled after(std::chrono::nanoseconds delay, std::function<void()> work) const {
        return at((Clock::now() + delay).time_since_epoch().count(), std::move(work));
    }
    /// Calls a function once, at a time of CLOCK_MONOTONIC in nanoseconds.
    Scheduled at(std::int64_t time_ns, std::function<void()> work) const {
        Scheduled timer = make(-1, [work = std::move(work)](std::uint32_t) { work(); });
        if (table()->timer(host_.table(), time_ns, fired, timer.state_.get(), &timer.state_->timer) != BATTEN_RC_OK)
            refused(timer, "a timer");
        return timer;
    }
    /// Calls a function whenever a descriptor is ready for one of the BATTEN_LOOP_ events. Cancel it before closing.
    Scheduled watch(int fd, std::uint32_t events, std::function<void(std::uint32_t)> work) const {
        Scheduled watch = make(fd, std::move(work));
        if (table()->watch(host_.table(), fd, events, ready, watch.state_.get()) != BATTEN_RC_OK)
            refused(watch, "the watching of descriptor " + std::to_string(fd));
        return watch;
    }
    /// Calls a function on the loop's thread; from any thread. False: the loop has ended.
    bool post(std::function<void()> work) const {
        auto task = std::make_unique<Posted>(Posted{host_, std::move(work)});
        if (table()->post(host_.table(), id_, posted, task.get()) != BATTEN_RC_OK) return false;
        static_cast<void>(task.release());
        return true;
    }

  private:
    struct Posted {
        Host host;
        std::function<void()> work;
    };
    Host host_;
    std::uint64_t id_ = 0;

    const batten_loop *table() const { return host_.find<batten_loop>(BATTEN_SERVICE_LOOP); }

    Scheduled make(int fd, std::function<void(std::uint32_t)> work) const {
        Scheduled made;
        made.state_ = std::make_shared<Scheduled::State>(Scheduled::State{host_, fd, 0, true, std::move(work)});
        made.state_->self = made.state_;
        return made;
    }
    [[noreturn]] static void refused(Scheduled &made, const std::string &what) {
        made.state_->active = false;
        made.state_->self.reset();
        throw Failure(BATTEN_CLASS_BUG, "loop.refused", "the host's loop refused " + what, BATTEN_EFFECT_NONE);
    }
    // Exceptions end here: what a callback left undone shows as a call that was dropped.
    template <class Work> static void guard(Host host, Work &&work) noexcept {
        try {
            work();
        } catch (const std::exception &error) {
            host.log(BATTEN_LEVEL_ERROR, std::string("an exception left a callback: ") + error.what());
        } catch (...) {
            host.log(BATTEN_LEVEL_ERROR, "an exception left a callback");
        }
    }
    static void fired(void *user) noexcept {
        auto state = static_cast<Scheduled::State *>(user)->self;
        state->active = false;
        state->self.reset();
        auto work = std::move(state->work);
        guard(state->host, [&] { work(0); });
    }
    static void ready(void *user, int, std::uint32_t events) noexcept {
        auto state = static_cast<Scheduled::State *>(user)->self;
        if (!state) return;
        auto work = state->work;
        guard(state->host, [&] { work(events); });
    }
    static void posted(void *user) noexcept {
        std::unique_ptr<Posted> task(static_cast<Posted *>(user));
        guard(task->host, task->work);
    }
};

}  // namespace batten
#endif
