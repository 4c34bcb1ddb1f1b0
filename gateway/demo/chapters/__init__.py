"""The road, chapter by chapter. Each goes on from what those before it have left."""

from gateway.demo.chapters import (
    between_sessions,
    consenting,
    couple,
    dispute,
    farewell,
    next_session,
    plan,
    risk,
    session,
)

CHAPTERS = (
    session.CHAPTER,
    plan.CHAPTER,
    between_sessions.CHAPTER,
    risk.CHAPTER,
    consenting.CHAPTER,
    couple.CHAPTER,
    dispute.CHAPTER,
    next_session.CHAPTER,
    farewell.CHAPTER,
)
