// What is wanted of one running viewing, told to the server until it has taken it.
/** @import { Wish, WhepSignalling } from "./whep_signalling.js" */

const AGAIN_S = 1; // after no answer, or a refusal: the wall asks four times a second

export class ToldWish {
  #underWay = false;
  #againAt = 0;

  /**
   * @param {WhepSignalling} signalling
   * @param {string} location the session
   * @param {Wish} taken what the offer asked for
   * @param {() => number} monotonic seconds
   */
  constructor(signalling, location, taken, monotonic) {
    this.signalling = signalling;
    this.location = location;
    this.monotonic = monotonic;
    this.taken = taken;
    this.wanted = taken;
  }

  /**
   * One request at a time; what changes while it is under way is told after it.
   * @param {Wish} wish
   * @returns {Promise<boolean>} whether the server has taken another wish
   */
  async tell(wish) {
    this.wanted = wish;
    if (this.#underWay || this.#isTaken || this.monotonic() < this.#againAt) return false;
    this.#underWay = true;
    const asked = this.wanted;
    const done = await this.signalling.wish(this.location, asked);
    this.#underWay = false;
    if (done) this.taken = asked;
    else this.#againAt = this.monotonic() + AGAIN_S;
    if (done) await this.tell(this.wanted);
    return done;
  }

  get #isTaken() {
    const { wanted, taken } = this;
    return wanted.layer === taken.layer && wanted.sound === taken.sound && wanted.picture === taken.picture;
  }
}
