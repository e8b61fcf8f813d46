/*
 * The locks of berth, once more: written from the design and the code, not from the model in TypeScript beside it, for Spin.
 * A step is one system call, or one effect on a domain. spin.ts has the scenarios (LOCKS, DEAD, NAMES0 …) and what each rule left out
 * (a macro beginning with NO_ or saying what is done instead) must be found to break.
 *
 * Two names, four inodes, two runs. Processes are bits: an open description with the lock is the set of processes that share it.
 */
#ifndef KILLS
#define KILLS 1
#endif
#ifndef NAMES0
#define NAMES0 1
#endif
#ifndef NAMES1
#define NAMES1 1
#endif
#ifndef CREWS
#define CREWS 2
#endif
#ifndef FAILS
#define FAILS 0
#endif
#define INODES 4
#define TRIES 2
#define NOBODY 15

#define BIT(p) (1 << (p))
#define JANITOR 2
#define WRAPPER(c) (4 + 3 * (c))
#define CONDUCTOR(c) (5 + 3 * (c))
#define STAGE(c) (6 + 3 * (c))
#define NAMES(r) ((r) == 0 -> NAMES0 : NAMES1)
#define ALIVE(p) (alive & BIT(p))

#define BORN(p) alive = alive | BIT(p); ready = ready & ~BIT(p)
/* Killed before its first step. */
#define STILLBORN atomic { !ALIVE(me) && !(ready & BIT(me)) -> ready = ready | BIT(me) }
#define OUT_OF_THE_WORLD unless { atomic { !ALIVE(me) -> ready = ready | BIT(me) } }
#define FREE(c) (crewRun[c] == 0 && (ready & (7 << WRAPPER(c))) == (7 << WRAPPER(c)))

/* Index 0 of what belongs to inodes stands for "no file". */
byte path[2];
byte mark[INODES + 1];
short opened[INODES + 1];
short locked[INODES + 1];
byte deployed[2];

/* Of runs: entries in open/, stop.json, journals. */
byte entries, stops, verified, begun, closed;
byte processes[2];
short runLock[2];
short tearing[2];

short alive;
/* Where a process was is forgotten: only then can another have its number. */
short ready = 8191;
short waits;
byte waiting = 3;
byte kills = KILLS;
byte fails = FAILS;
byte inside[2];

/* A crew: a wrapper, its run process, a stage. */
byte crewRun[CREWS];
byte crewNames[CREWS];
byte crewParent[CREWS];
byte crewCode[CREWS];
byte crewInode[2 * CREWS];
bit crewRecovers[CREWS];
bit joined[CREWS];

inline forget(i) {
  if
  :: opened[i] == 0 && path[0] != i && path[1] != i -> mark[i] = 0
  :: else
  fi
}

inline shut(p, i) {
  opened[i] = opened[i] & ~BIT(p);
  locked[i] = locked[i] & ~BIT(p);
  forget(i)
}

inline shutAll(p) { shut(p, 1); shut(p, 2); shut(p, 3); shut(p, 4) }

inline dupOne(from, to, i) {
  if
  :: opened[i] & BIT(from) -> opened[i] = opened[i] | BIT(to)
  :: else
  fi;
  if
  :: locked[i] & BIT(from) -> locked[i] = locked[i] | BIT(to)
  :: else
  fi
}

/* fork(2): the child has every descriptor of its parent, the run lock's too, until it calls exec. */
inline dup(from, to) {
  dupOne(from, to, 1); dupOne(from, to, 2); dupOne(from, to, 3); dupOne(from, to, 4);
  if
  :: runLock[0] & BIT(from) -> runLock[0] = runLock[0] | BIT(to)
  :: else
  fi;
  if
  :: runLock[1] & BIT(from) -> runLock[1] = runLock[1] | BIT(to)
  :: else
  fi
}

inline recycle(c, p) {
  if
  :: alive & ~BIT(p) & (7 << WRAPPER(c))
  :: else -> crewRun[c] = 0; crewNames[c] = 0; crewParent[c] = NOBODY; crewCode[c] = 0; crewRecovers[c] = 0;
    crewInode[2 * c] = 0; crewInode[2 * c + 1] = 0
  fi
}

inline tellParent(c, p) {
  if
  :: crewRun[c] != 0 && p == WRAPPER(c) && crewParent[c] != NOBODY -> waits = waits & ~BIT(crewParent[c]); crewParent[c] = NOBODY
  :: crewRun[c] != 0 && crewParent[c] == p -> crewParent[c] = NOBODY
  :: else
  fi;
  recycle(c, p)
}

/* However a process ends, the kernel closes what it has; the lock goes with the last who shares the description. */
/* Its bit goes last: a process without it takes no further step. */
inline quit(p) {
  waits = waits & ~BIT(p);
  shutAll(p);
  runLock[0] = runLock[0] & ~BIT(p); runLock[1] = runLock[1] & ~BIT(p);
  tearing[0] = tearing[0] & ~BIT(p); tearing[1] = tearing[1] & ~BIT(p);
  tellParent(0, p);
#if CREWS > 1
  tellParent(1, p);
#endif
#if CREWS > 2
  tellParent(2, p);
#endif
  alive = alive & ~BIT(p)
}

inline open(n, i) {
  if
  :: path[n] == 0 ->
    i = 1;
    do
    :: opened[i] == 0 && path[0] != i && path[1] != i -> break
    :: else -> i++; assert(i <= INODES)
    od;
    path[n] = i
  :: else -> i = path[n]
  fi;
  opened[i] = opened[i] | BIT(me)
}

/* lockFile.ts: flock without waiting, compare; where they differ open again. The file is open already; i is 0 when somebody else has it. */
inline take(n, i, compares) {
  do
#ifdef EARLY_COMPARE
  :: atomic { path[n] != i -> shut(me, i); open(n, i) }
  :: path[n] == i ->
    if
    :: atomic { locked[i] != 0 -> shut(me, i); i = 0; got = 0; break }
    :: atomic { locked[i] == 0 -> locked[i] = BIT(me); break }
    fi
#else
  :: atomic { locked[i] != 0 -> shut(me, i); i = 0; got = 0; break }
  :: atomic { locked[i] == 0 -> locked[i] = BIT(me) };
    if
    :: atomic { (!(compares) || path[n] == i) -> break }
    :: atomic { ((compares) && path[n] != i) -> shut(me, i); i = 0 }
    fi;
    atomic { open(n, i) }
#endif
  od
}

#ifdef NO_COMPARE
#define COMPARES 0
#else
#define COMPARES 1
#endif
#ifdef JANITOR_NO_COMPARE
#define JANITOR_COMPARES 0
#else
#define JANITOR_COMPARES COMPARES
#endif

#define MARKED(n) (path[n] -> mark[path[n]] : 0)
#define NAMED(r, n) ((entries & BIT(r)) && (NAMES(r) & BIT(n)))

#define IDLE(n) (mark[ino[n]] == 0 && !NAMED(0, n) && !NAMED(1, n))
#define UNLINK(n) i = path[n]; path[n] = 0; forget(i); i = 0
#define LEAVE(n) shut(me, ino[n]); ino[n] = 0

/* idle.ts, on behalf of the janitor: looks, unlinks, closes, in this order. The file is open already. */
inline removeIdle(n) {
  take(n, ino[n], JANITOR_COMPARES);
  if
  :: ino[n] == 0
  :: atomic { ino[n] != 0 && !IDLE(n) -> LEAVE(n) }
#ifdef PROBE_THEN_UNLINK
  :: atomic { ino[n] != 0 && IDLE(n) -> LEAVE(n) }; atomic { open(n, ino[n]) }; take(n, ino[n], JANITOR_COMPARES);
    if
    :: ino[n] == 0
    :: atomic { ino[n] != 0 -> UNLINK(n) }; atomic { LEAVE(n) }
    fi
#elif defined(CLOSE_THEN_UNLINK)
  :: atomic { ino[n] != 0 && IDLE(n) -> LEAVE(n) }; atomic { UNLINK(n) }
#else
  :: ino[n] != 0 && IDLE(n) -> atomic { UNLINK(n) }; atomic { LEAVE(n) }
#endif
  fi
}

/* release.ts: marks of the names that are held here, then the entry, if no name of the run is marked any more. */
inline clearOne(r, n, i) {
  atomic {
    if
    :: i != 0 && path[n] == i && mark[i] == r + 1 -> mark[i] = 0
    :: else
    fi
  }
}

inline clearMarks(r, i0, i1) {
  clearOne(r, 0, i0);
  clearOne(r, 1, i1);
  if
  :: (NAMES(r) & 1) && MARKED(0) == r + 1
  :: else ->
    if
    :: (NAMES(r) & 2) && MARKED(1) == r + 1
    :: atomic { else -> entries = entries & ~BIT(r) }
    fi
  fi
}

/* spawn(3) returns when the child has called exec; until then the child has all that its parent has. */
inline launch(r, M, recovers) {
  atomic {
    if
    :: FREE(0) -> c = 0
#if CREWS > 1
    :: !FREE(0) && FREE(1) -> c = 1
#endif
#if CREWS > 2
    :: !FREE(0) && !FREE(1) && FREE(2) -> c = 2
#endif
    fi;
    crewRun[c] = r + 1;
    crewNames[c] = M & NAMES(r);
    crewParent[c] = me;
    crewRecovers[c] = recovers;
    crewInode[2 * c] = (crewNames[c] & 1 -> ino[0] : 0);
    crewInode[2 * c + 1] = (crewNames[c] & 2 -> ino[1] : 0);
    dup(me, WRAPPER(c));
    BORN(WRAPPER(c));
    waits = waits | BIT(me);
    c = 0
  }
}

inline letGo() { shut(me, ino[0]); shut(me, ino[1]); ino[0] = 0; ino[1] = 0 }

/* claim.ts: all names or none, then what their last holders left. got = 0: nothing is held. */
inline claim(M) {
  atomic { got = 1; todo = 0; again = 0 };
  takeIf((M) & 1, 0);
  takeIf(got && ((M) & 2), 1);
  look(M);
  do
  :: atomic { !got -> letGo(); todo = 0; q = 0; again = 0; break }
  :: atomic { got && todo == 0 -> q = 0; break }
#ifdef NO_RUN_LOCK
  :: atomic { got && todo != 0 -> q = (todo & 1 -> 0 : 1) };
#else
  :: atomic { got && todo != 0 && runLock[(todo & 1 -> 0 : 1)] != 0 -> got = 0 }
  :: atomic { got && todo != 0 && runLock[(todo & 1 -> 0 : 1)] == 0 -> q = (todo & 1 -> 0 : 1); runLock[q] = BIT(me) };
#endif
    settle(M)
  od
}

inline takeIf(when, n) {
  if
  :: atomic { when -> open(n, ino[n]) }; take(n, ino[n], COMPARES)
  :: !(when)
  fi
}

/* Marks first, then entries: two looks. */
inline look(M) {
#ifndef NO_LOOK
#ifndef NO_MARKS
  atomic { todo = (mark[ino[0]] -> BIT(mark[ino[0]] - 1) : 0) | (mark[ino[1]] -> BIT(mark[ino[1]] - 1) : 0) };
#endif
#ifndef NO_ENTRIES
  atomic {
    todo = (got -> todo | ((entries & 1) && (NAMES0 & (M)) -> 1 : 0) | ((entries & 2) && (NAMES1 & (M)) -> 2 : 0) : 0)
  };
#endif
#endif
  skip
}

#ifdef TORN_AGAIN
#define TO_CLEAR (again && (verified & BIT(q)))
#else
#define TO_CLEAR (verified & BIT(q))
#endif
#ifdef NO_STOP
#define STOP 0
#else
#define STOP BIT(q)
#endif

/* One dead run: under its run lock a verified one is cleared; any other is given our locks, a stop and a wrapper. */
inline settle(M) {
  if
  :: TO_CLEAR ->
    clearMarks(q, ino[0], ino[1]);
    atomic { runLock[q] = runLock[q] & ~BIT(me); todo = todo & ~BIT(q); again = 0; q = 0 }
  :: atomic { !TO_CLEAR && again -> runLock[q] = runLock[q] & ~BIT(me); got = 0 }
  :: atomic { !TO_CLEAR && !again -> runLock[q] = runLock[q] & ~BIT(me) };
    atomic { stops = stops | STOP };
    launch(q, M, 1);
#ifdef NO_HANDOVER
    atomic { letGo() };
#endif
    atomic { !(waits & BIT(me)) -> again = 1; q = 0 }
  fi
}

#ifdef LOCKS
/* Takes the name, uses it, gives it back. */
proctype Acquirer(byte me) {
  byte ino[2];
  byte turns = 2;
  bit got;
  do
  :: turns == 0 -> break
  :: else ->
    atomic { open(0, ino[0]) };
    take(0, ino[0], COMPARES);
    if
    :: ino[0] == 0
    :: else ->
      atomic { inside[0]++; assert(inside[0] == 1) };
      atomic { inside[0]--; shut(me, ino[0]); ino[0] = 0; turns-- }
    fi
  od
}

proctype Unlinker(byte me) {
  byte ino[2];
  byte i;
  bit got;
end:
  do
  :: atomic { path[0] != 0 -> open(0, ino[0]) }; removeIdle(0); got = 0
  od
}

init { atomic { run Acquirer(0); run Acquirer(1); run Unlinker(3);
#if LOCKS > 2
  run Acquirer(2);
#endif
  run Unlinker(4) } }

#else

/* startRun.ts: entry, marks, wrapper, in this order, under all locks. */
inline record(r) {
  atomic { entries = entries | BIT(r) };
#ifndef NO_MARKS
  if
  :: ino[0] != 0 -> atomic { mark[ino[0]] = r + 1 }
  :: else
  fi;
  if
  :: ino[1] != 0 -> atomic { mark[ino[1]] = r + 1 }
  :: else
  fi
#endif
}

proctype Starter(byte me) {
  byte ino[2];
  byte c, q, todo;
  bit got, again;
  {
    do
    :: claim(NAMES(me));
      if
      :: got -> break
      :: else
      fi
    od;
#ifndef LATE_RECORDS
    record(me);
#endif
    launch(me, NAMES(me), 0);
#ifdef LATE_RECORDS
    record(me);
#endif
    atomic { quit(me); waiting = waiting & ~BIT(me) };
    false
  } OUT_OF_THE_WORLD;
  atomic { waiting = waiting & ~BIT(me); ino[0] = 0; ino[1] = 0; c = 0; q = 0; todo = 0; got = 0; again = 0 }
}

/* Started by cron, again and again: cleans dirty names, then removes idle lock files. */
proctype Janitor(byte me) {
  byte ino[2];
  byte c, i, q, todo;
  bit got, again;
end:
  do
  :: atomic { !ALIVE(me) -> alive = alive | BIT(me); ino[0] = 0; ino[1] = 0; c = 0; i = 0; q = 0; todo = 0; got = 0; again = 0 };
    {
endSweep:
      do
      :: MARKED(0) || NAMED(0, 0) || NAMED(1, 0) -> claim(1);
        atomic { letGo(); got = 0 }
      :: MARKED(1) || NAMED(0, 1) || NAMED(1, 1) -> claim(2);
        atomic { letGo(); got = 0 }
#ifndef NO_UNLINK
      :: atomic { path[0] != 0 && !MARKED(0) -> open(0, ino[0]) }; removeIdle(0); got = 0
      :: atomic { path[1] != 0 && !MARKED(1) -> open(1, ino[1]) }; removeIdle(1); got = 0
#endif
      od
    } OUT_OF_THE_WORLD
  od
}

#define R (crewRun[c] - 1)

/* scripts/run-wrapper. Its exec closes all that it was not given. */
inline execs(i) {
  if
  :: crewInode[2 * c] == i || crewInode[2 * c + 1] == i
  :: else -> shut(me, i)
  fi
}

proctype Wrapper(byte me; byte c) {
  byte tries;
end:
  do
  :: STILLBORN
  :: ALIVE(me) ->
    {
      atomic {
        execs(1); execs(2); execs(3); execs(4);
        waits = (crewRecovers[c] || crewParent[c] == NOBODY -> waits : waits & ~BIT(crewParent[c]));
        runLock[0] = runLock[0] & ~BIT(me); runLock[1] = runLock[1] & ~BIT(me)
      };
      do
      :: atomic {
          !ALIVE(CONDUCTOR(c)) && (ready & BIT(CONDUCTOR(c))) -> tries++; crewCode[c] = 1; dup(me, CONDUCTOR(c)); BORN(CONDUCTOR(c));
#ifdef WRAPPER_LETS_GO
          shutAll(me)
#endif
        };
        atomic {
          !ALIVE(CONDUCTOR(c));
          if
          :: crewCode[c] != 1 || tries == TRIES -> break
          :: else
          fi
        }
      od;
      atomic { quit(me) };
      false
    } OUT_OF_THE_WORLD;
    tries = 0
  od
}

#ifdef TORN_AGAIN
#define MAY_GO 1
#else
#define MAY_GO !(verified & BIT(R))
#endif
#define GUARDED(n) (!(crewNames[c] & BIT(n)) || (path[n] != 0 && (locked[path[n]] & BIT(me))))

/* Takes down what stands at the name, whosever it is: `docker stack rm` knows names only. */
inline takeDown(n) {
  atomic {
    if
    :: NAMES(R) & BIT(n) ->
      assert(deployed[n] == 0 || deployed[n] == crewRun[c]);
      assert(tearing[R] == BIT(me));
      assert(GUARDED(n));
      deployed[n] = 0
    :: else
    fi
  }
}

/* Containment: all that has joined is killed, and nothing can join any more. */
inline endStage(d) {
  if
  :: crewRun[d] == crewRun[c] && ALIVE(STAGE(d)) && joined[d] -> joined[d] = 0; quit(STAGE(d))
  :: else
  fi
}

/* src/run: forward once, in the first process; any other tears down. */
proctype Conductor(byte me; byte c) {
end:
  do
  :: STILLBORN
  :: ALIVE(me) ->
    {
#ifndef NO_RUN_LOCK
      if
      :: atomic { runLock[R] != 0 -> crewCode[c] = 2; quit(me) }; false
      :: atomic { runLock[R] == 0 -> runLock[R] = BIT(me) }
      fi;
#endif
      atomic { processes[R] = (processes[R] < 2 -> processes[R] + 1 : 2) };
      if
#ifndef TORN_AGAIN
      :: verified & BIT(R) -> goto clears
#endif
#ifdef FORWARD_TWICE
      :: !(stops & BIT(R)) && MAY_GO && crewNames[c] == NAMES(R) && !ALIVE(STAGE(c)) && (ready & BIT(STAGE(c))) ->
#else
      :: processes[R] == 1 && !(stops & BIT(R)) && MAY_GO && crewNames[c] == NAMES(R) ->
#endif
        atomic { assert(!(begun & BIT(R))); assert(!crewRecovers[c]); begun = begun | BIT(R) };
        atomic { dup(me, STAGE(c)); BORN(STAGE(c)) };
        if
        :: !ALIVE(STAGE(c))
        :: true  /* a cancel, a deadline, the wrapper's death */
        fi
      :: else
      fi;
#ifdef CLEAR_FIRST
      clearMarks(R, crewInode[2 * c], crewInode[2 * c + 1]);
      entries = entries & ~BIT(R);
#endif
#ifdef HOLDS_TOO_SHORT
      shutAll(me);
#endif
      atomic {
        assert(tearing[R] == 0);
        tearing[R] = tearing[R] | BIT(me)
      };
      atomic {
#ifndef LATE_JOIN
        closed = closed | BIT(R);
#endif
        endStage(0);
#if CREWS > 1
        endStage(1);
#endif
#if CREWS > 2
        endStage(2)
#endif
      };
      takeDown(0);
      takeDown(1);
      if
      :: atomic { fails > 0 -> fails--; tearing[R] = 0; crewCode[c] = 0; quit(me) }; false
      :: atomic { tearing[R] = 0; verified = verified | BIT(R) }
      fi;
clears:
      clearMarks(R, crewInode[2 * c], crewInode[2 * c + 1]);
      atomic { crewCode[c] = 0; quit(me) };
      false
    } OUT_OF_THE_WORLD
  od
}

inline deploy(n) {
  atomic {
    if
    :: NAMES(R) & BIT(n) -> assert(deployed[n] == 0 || deployed[n] == crewRun[c]); deployed[n] = crewRun[c]
    :: else
    fi
  }
}

/* A stage, and all that it starts: it may outlive its run process, and deploys as long as its containment stands. */
proctype Stage(byte me; byte c) {
end:
  do
  :: STILLBORN
  :: ALIVE(me) ->
    {
#ifndef STAGE_KEEPS
      atomic { shutAll(me); runLock[0] = runLock[0] & ~BIT(me); runLock[1] = runLock[1] & ~BIT(me) };
#endif
      if
      :: atomic { closed & BIT(R) -> quit(me) }; false
      :: atomic { !(closed & BIT(R)) -> joined[c] = 1 }
      fi;
      deploy(0);
      deploy(1);
#ifdef STAGE_KEEPS
      false;  /* a daemon of its own, which no sweep finds */
#endif
      atomic { joined[c] = 0; quit(me) };
      false
    } OUT_OF_THE_WORLD
  od
}

inline strike(p) { kills > 0 && ALIVE(p) -> kills--; quit(p) }

proctype Killer() {
end:
  do
  :: atomic { strike(0) }
  :: atomic { strike(1) }
  :: atomic { strike(JANITOR) }
  :: atomic { strike(WRAPPER(0)) }
  :: atomic { strike(CONDUCTOR(0)) }
  :: atomic { kills > 0 && ALIVE(STAGE(0)) -> kills--; joined[0] = 0; quit(STAGE(0)) }
#if CREWS > 1
  :: atomic { strike(WRAPPER(1)) }
  :: atomic { strike(CONDUCTOR(1)) }
  :: atomic { kills > 0 && ALIVE(STAGE(1)) -> kills--; joined[1] = 0; quit(STAGE(1)) }
#endif
#if CREWS > 2
  :: atomic { strike(WRAPPER(2)) }
  :: atomic { strike(CONDUCTOR(2)) }
#endif
  od
}

inline enlist(d) {
  crewParent[d] = NOBODY;
  run Wrapper(WRAPPER(d), d); run Conductor(CONDUCTOR(d), d); run Stage(STAGE(d), d)
}

/* DEAD: run 0 was killed with all of its processes after it had deployed; everything it left is there. */
init {
  atomic {
#ifdef DEAD
    entries = 1; begun = 1; processes[0] = 1; waiting = 2;
    path[0] = 1; mark[1] = 1; deployed[0] = 1;
#if NAMES0 > 1
    path[1] = 2; mark[2] = 1; deployed[1] = 1;
#endif
    alive = 2;
#else
    alive = 3; run Starter(0);
#endif
    run Starter(1);
    run Janitor(JANITOR);
    enlist(0);
#if CREWS > 1
    enlist(1);
#endif
#if CREWS > 2
    enlist(2);
#endif
    run Killer()
  }
}

#define settled (waiting == 0 && entries == 0 && deployed[0] == 0 && deployed[1] == 0 && mark[path[0]] == 0 && mark[path[1]] == 0)
#ifdef LIVE
ltl everythingSettles { <> [] settled }
#endif
#endif
