// The words of a snapshot. A value is a tag and what belongs to it; an object is made where it is first met ("head") and gets its number,
// counted on from object to object; what it holds ("body") follows in the order of the numbers. So one pass reads what one pass wrote.
//
//   head            what is said there          body
//   OBJECT, BARE                                a shape and its values, or NO_SHAPE and general
//   ARRAY           length                      whether it is sparse, else its elements; whether there is more, and general
//   MAP, SET                                    entries, general
//   DATE            time                        general
//   REGEXP          source, flags               general
//   ERROR           which constructor           general
//   BUFFER          length, most or -1, bytes   general
//   VIEW            which, buffer, offset, length or -1 (it follows the buffer's)   general
//   BOXED           primitive                   general
//   MADE            which recipe, its argument  general                  URL, Intl.NumberFormat …
//   PARAMETERS      URL                         general                  its searchParams
//   FUNCTION        source, strict              general
//   INSTANCE        kind, class                 as its kind, then its private fields: their count, and for each class
//                                               that has some the class, their count, their values
//   CLASS           parent                      general, private fields  its source is told apart; its prototype gets the next number
//   PROTOTYPE       class                                                has a number already
//   MEMBER          class, static, slot, key    general                  a method or accessor that the class makes
//   SYMBOL          whether registered, name
//   PLATFORM        path                                                 what every worker has
//
//   general         prototype, properties, whether it can be extended
//   shape           its number, from 1; a new one is followed by the count of its keys, and the keys
export const FORMAT = 1;

export const UNDEFINED = 0, NULL = 1, TRUE = 2, FALSE = 3, INTEGER = 4, NEGATIVE = 5, FLOAT = 6, TEXT = 7, BIGINT = 8;
export const OWN = 9, OTHER = 10; // an object by its number in this stream, or in another one, counted from this one's first

export const HOLE = 11; // an element that is told with the properties, if at all
export const OBJECT = 16, BARE = 17, ARRAY = 18, MAP = 21, SET = 22, DATE = 23, REGEXP = 24;
export const ERROR = 25, BUFFER = 26, VIEW = 27, BOXED = 28, MADE = 29, FUNCTION = 30, CLASS = 31, PROTOTYPE = 32, MEMBER = 33;
export const SYMBOL = 34, PLATFORM = 35, INSTANCE = 36, PARAMETERS = 37;

/** Instead of a shape. */
export const NO_SHAPE = 0;
/** Keys of a shape that is remembered; a longer one is told again each time. */
export const LONGEST_SHAPE = 64;
/** Flags of a property. */
export const ENUMERABLE = 1, CONFIGURABLE = 2, WRITABLE = 4, ACCESSOR = 8, PLAIN = 7;
/** Where a member stands in its property. */
export const SLOTS = ["value", "get", "set"] as const;
