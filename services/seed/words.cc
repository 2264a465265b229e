#include "services/seed/words.h"

namespace shop::seed {
namespace {

constexpr std::string_view kTechTitles[] = {
    "{t} in Action",         "Practical {t}",    "{t} from the Ground Up", "Learning {t} by Doing",
    "The {a} Guide to {t}",  "{t}: {n} and {n}", "Thinking in {t}",        "{a} {t}",
    "{t} for Working Teams", "The {n} of {t}",   "A Field Guide to {t}"};
constexpr std::string_view kTechAdjectives[] = {"Pragmatic", "Concise", "Hands-On", "Illustrated", "Patient",
                                                "Modern",    "Honest",  "Complete", "Curious",     "Resilient"};
constexpr std::string_view kTechDescriptions[] = {
    "Shows how {t} is done in systems that have to last, with one example that grows from chapter to chapter.",
    "A book for people who already write software and now have to live with {t}. Every claim comes with a measurement.",
    "Starts with the problem, not the tool: when {t} pays, when it does not, and how to tell before it is too late.",
    "Forty short chapters on {t}, each with a question at the start and an exercise at the end.",
    "What a small team needs to know about {t}, told by people who have been woken at night by it."};

constexpr std::string_view kProgrammingTopics[] = {
    "Coroutines",  "Type Systems",  "Generic Programming", "Concurrency", "Parsers",   "Compilers", "Unit Testing",
    "Refactoring", "Memory Safety", "Functional Design",   "Code Review", "Debugging", "Recursion", "Protocol Buffers"};
constexpr std::string_view kProgrammingNouns[] = {"Patterns", "Idioms", "Principles", "Craft", "Pitfalls", "Habits"};
constexpr std::string_view kProgrammingTags[] = {"programming", "software", "languages", "testing", "craft", "design"};

constexpr std::string_view kArchitectureTopics[] = {"Microservices",     "API Gateways",           "Event Sourcing",
                                                    "Domain Models",     "Distributed Systems",    "Sagas",
                                                    "Service Meshes",    "Backends for Frontends", "Messaging",
                                                    "Modular Monoliths", "Remote Calls",           "Contracts"};
constexpr std::string_view kArchitectureNouns[] = {"Boundaries", "Trade-offs", "Shape",
                                                   "Failures",   "Seams",      "Economics"};
constexpr std::string_view kArchitectureTags[] = {"architecture", "microservices", "design", "systems", "apis", "rpc"};

constexpr std::string_view kDataTopics[] = {"SQL",
                                            "Stream Processing",
                                            "Columnar Storage",
                                            "Time Series",
                                            "Query Planning",
                                            "Data Modelling",
                                            "Graph Databases",
                                            "Replication",
                                            "Full-Text Search",
                                            "Statistics",
                                            "Transactions",
                                            "Data Pipelines"};
constexpr std::string_view kDataNouns[] = {"Indexes", "Schemas", "Logic", "Costs", "Shapes", "Joins"};
constexpr std::string_view kDataTags[] = {"data", "databases", "sql", "analytics", "storage", "streams"};

constexpr std::string_view kOperationsTopics[] = {
    "Observability",    "Incident Response", "Load Testing", "Containers", "Continuous Delivery", "Capacity Planning",
    "Site Reliability", "Linux Networking",  "Tracing",      "Rollouts",   "Chaos Experiments",   "On-Call"};
constexpr std::string_view kOperationsNouns[] = {"Runbooks", "Signals", "Budgets", "Rituals", "Lessons", "Dashboards"};
constexpr std::string_view kOperationsTags[] = {"operations", "reliability", "devops", "monitoring", "linux", "cloud"};

constexpr std::string_view kFictionTitles[] = {"The {a} {n}",         "A {n} for {t}",       "The {n} of {t}",
                                               "{t} and the {a} {n}", "What the {n} Knew",   "Under a {a} {n}",
                                               "The Last {n} of {t}", "{t}, or the {a} {n}", "Letters to a {a} {n}"};
constexpr std::string_view kFictionTopics[] = {"Winter",   "Marlow Bay", "Saint Orla", "the Lowlands", "Eleanor",
                                               "the Tide", "Vesper",     "Tomorrow",   "Ashdown",      "the North"};
constexpr std::string_view kFictionNouns[] = {"Lighthouse", "Cartographer", "Orchard",     "Clockmaker",
                                              "Harbour",    "Sparrow",      "Glass House", "Ferry",
                                              "Garden",     "Witness",      "Library",     "Violin"};
constexpr std::string_view kFictionAdjectives[] = {"Silent", "Crooked", "Borrowed", "Salt-White", "Distant",
                                                   "Gentle", "Hollow",  "Amber",    "Unwritten",  "Stubborn"};
constexpr std::string_view kFictionDescriptions[] = {
    "A novel about a family, a house by the water, and a promise nobody remembers making.",
    "Three strangers miss the same train. By morning one of them has become somebody else.",
    "A quiet, funny and finally devastating story about getting old in a town that does not.",
    "She came to catalogue the archive and stayed to find out who had been burning it, page by page.",
    "Two sisters, one inheritance, and a summer in which it never once gets dark."};
constexpr std::string_view kFictionTags[] = {"novel", "fiction", "mystery", "family", "literary", "sea"};

constexpr std::string_view kHistoryTitles[] = {"{t}: A {a} History", "The {n} of {t}", "How {t} Changed the World",
                                               "The {a} {n}: A History of {t}", "{n} and {t}"};
constexpr std::string_view kHistoryTopics[] = {
    "the Printing Press", "Salt",  "Lighthouses",         "the Silk Roads", "Canals",   "the Telegraph",
    "Cartography",        "Glass", "the Hanseatic Towns", "Clocks",         "Railways", "Paper"};
constexpr std::string_view kHistoryNouns[] = {"Rise", "Merchants", "Age", "Makers", "Empire", "Secrets"};
constexpr std::string_view kHistoryAdjectives[] = {"Short", "Human", "New", "Forgotten", "Global", "People's"};
constexpr std::string_view kHistoryDescriptions[] = {
    "Follows {t} through six centuries and four continents, from ledgers, letters and the ground itself.",
    "A history of {t} that begins in a workshop and ends in your pocket.",
    "The people behind {t}: those who paid, those who profited, and those who were not asked."};
constexpr std::string_view kHistoryTags[] = {"history", "trade", "society", "technology", "europe", "world"};

constexpr std::string_view kScienceTitles[] = {"The {a} Life of {t}", "{t} Explained", "A {a} Look at {t}",
                                               "{t}: {n} and {n}", "Why {t} Matter"};
constexpr std::string_view kScienceTopics[] = {"Glaciers",      "Bees",     "Black Holes", "Fungi",
                                               "Prime Numbers", "Tides",    "Neurons",     "Clouds",
                                               "Corals",        "Isotopes", "Volcanoes",   "Migrations"};
constexpr std::string_view kScienceNouns[] = {"Origins", "Limits", "Questions", "Wonders", "Evidence", "Cycles"};
constexpr std::string_view kScienceAdjectives[] = {"Secret", "Closer", "Strange", "Patient", "Hidden", "Short"};
constexpr std::string_view kScienceDescriptions[] = {
    "What we know about {t}, how we found out, and the three questions that are still open.",
    "A working scientist takes the reader along: into the field, into the lab, and into the argument about {t}.",
    "{t} for the curious, without formulas and without shortcuts."};
constexpr std::string_view kScienceTags[] = {"science", "nature", "popular-science", "research", "earth", "biology"};

constexpr std::string_view kCookingTitles[] = {"The {a} {n}", "{t} at Home", "{a} {t}", "The {t} {n}",
                                               "{t}: Recipes from a {a} {n}"};
constexpr std::string_view kCookingTopics[] = {"Sourdough", "Pickles",   "Noodles", "Stews",  "Dumplings",  "Lentils",
                                               "Pastry",    "Preserves", "Herbs",   "Cheese", "Flatbreads", "Soups"};
constexpr std::string_view kCookingNouns[] = {"Kitchen", "Table", "Larder", "Cookbook", "Bakery", "Hearth"};
constexpr std::string_view kCookingAdjectives[] = {"Weeknight", "Simple", "Generous", "Northern", "Slow", "Frugal"};
constexpr std::string_view kCookingDescriptions[] = {
    "Eighty recipes with few ingredients and clear reasons. Nothing needs a machine.",
    "Learn one dough, one stock and one sauce; the rest of the book follows from them.",
    "Cooking for four on a Tuesday, for ten on a Sunday, and for one when it has to be quick."};
constexpr std::string_view kCookingTags[] = {"cooking", "recipes", "food", "baking", "vegetarian", "home"};

constexpr std::string_view kTravelTitles[] = {"Across {t} by {n}", "{t} on Foot", "The {a} Road to {t}", "{a} {t}",
                                              "A {n} Through {t}"};
constexpr std::string_view kTravelTopics[] = {"the Pyrenees", "Patagonia",  "the Faroes",      "Anatolia",
                                              "Hokkaido",     "the Danube", "the Carpathians", "Nova Scotia",
                                              "Bhutan",       "the Azores"};
constexpr std::string_view kTravelNouns[] = {"Bicycle", "Rail", "Canoe", "Journey", "Winter", "Ferry"};
constexpr std::string_view kTravelAdjectives[] = {"Long", "Unhurried", "Wild", "Northern", "High", "Empty"};
constexpr std::string_view kTravelDescriptions[] = {
    "Four months, one rucksack and a map with a hole in it: a journey through {t} at walking pace.",
    "A travel book about {t} that is interested in the people who live there and not in the one who writes it.",
    "Routes, maps and honest advice for {t}, in every season including the wrong one."};
constexpr std::string_view kTravelTags[] = {"travel", "walking", "maps", "journeys", "mountains", "rail"};

constexpr Genre kGenres[] = {
    {"PROGRAMMING", kTechTitles, kProgrammingTopics, kProgrammingNouns, kTechAdjectives, kTechDescriptions,
     kProgrammingTags},
    {"ARCHITECTURE", kTechTitles, kArchitectureTopics, kArchitectureNouns, kTechAdjectives, kTechDescriptions,
     kArchitectureTags},
    {"DATA", kTechTitles, kDataTopics, kDataNouns, kTechAdjectives, kTechDescriptions, kDataTags},
    {"OPERATIONS", kTechTitles, kOperationsTopics, kOperationsNouns, kTechAdjectives, kTechDescriptions,
     kOperationsTags},
    {"FICTION", kFictionTitles, kFictionTopics, kFictionNouns, kFictionAdjectives, kFictionDescriptions, kFictionTags},
    {"HISTORY", kHistoryTitles, kHistoryTopics, kHistoryNouns, kHistoryAdjectives, kHistoryDescriptions, kHistoryTags},
    {"SCIENCE", kScienceTitles, kScienceTopics, kScienceNouns, kScienceAdjectives, kScienceDescriptions, kScienceTags},
    {"COOKING", kCookingTitles, kCookingTopics, kCookingNouns, kCookingAdjectives, kCookingDescriptions, kCookingTags},
    {"TRAVEL", kTravelTitles, kTravelTopics, kTravelNouns, kTravelAdjectives, kTravelDescriptions, kTravelTags},
};

constexpr std::string_view kFirstNames[] = {
    "Mara",  "Tobias",  "Ingrid", "Pavel", "Yusuf", "Noemi", "Callum", "Amara", "Henrik", "Leila", "Mateo", "Ottilie",
    "Ravi",  "Saoirse", "Tomas",  "Wanda", "Idris", "Freya", "Kenji",  "Lucía", "Zoë",    "Bram",  "Dalia", "Emeka",
    "Fiona", "Gustav",  "Hana",   "Ilse",  "Jonas", "Keiko", "Marek",  "Nadia", "Orson",  "Priya", "Sven",  "Tamsin"};
constexpr std::string_view kLastNames[] = {"Abernethy", "Brandt",   "Castellan", "Drummond", "Eklund",    "Farrow",
                                           "Grünwald",  "Hollis",   "Ivarsson",  "Jansky",   "Kowalczyk", "Lindqvist",
                                           "Marchetti", "Nakagawa", "Okafor",    "Petrov",   "Quill",     "Rasmussen",
                                           "Sandoval",  "Thorne",   "Ueda",      "Varga",    "Whitlock",  "Yilmaz",
                                           "Zeller",    "Adeyemi",  "Bellamy",   "Corvin",   "Delacroix", "Ekwueme"};
constexpr std::string_view kPublishers[] = {"Harbour Lane Press", "Northlight Books", "Quarry & Finch",
                                            "Blue Ledger",        "Tern House",       "Second Story Editions",
                                            "Copperfield Tech",   "Meridian Row"};
constexpr std::string_view kSellers[] = {"Portico Books",     "Paper Harbour",  "The Second Shelf", "Bookbarn Online",
                                         "Margin Notes",      "Old Town Books", "Campus Exchange",  "Left Bank Reads",
                                         "Quick Brown Books", "Dogear & Sons",  "Archive Annex",    "Penny Volumes"};

constexpr std::string_view kTitles1[] = {"Not for me", "Disappointed", "Sent it back", "Do not bother"};
constexpr std::string_view kTitles2[] = {"Expected more", "Uneven", "Starts well", "Too long by half"};
constexpr std::string_view kTitles3[] = {"Good in parts", "Solid", "Does the job", "Mixed feelings"};
constexpr std::string_view kTitles4[] = {"Very good", "Well worth it", "Learned a lot", "Nearly perfect"};
constexpr std::string_view kTitles5[] = {"A classic", "Could not put it down", "Exactly what I needed", "Brilliant",
                                         "Bought it twice"};
constexpr std::string_view kBodies1[] = {"I gave up after the third chapter, and I do not give up easily.",
                                         "Careless editing and hardly an idea that is its own."};
constexpr std::string_view kBodies2[] = {"There is a good book of a hundred pages in here somewhere.",
                                         "The first half is fine. The second repeats the first."};
constexpr std::string_view kBodies3[] = {"Useful, if you skip the introduction. The examples could be better.",
                                         "Neither as good as its friends say nor as bad as its enemies."};
constexpr std::string_view kBodies4[] = {"Clear, well organised and honest about what it leaves out.",
                                         "I have already lent it to two people and want it back.",
                                         "One chapter too many, otherwise just right."};
constexpr std::string_view kBodies5[] = {"I read it in a weekend and have gone back to it every week since.",
                                         "The best thing I have read on the subject \u2014 and the funniest.",
                                         "It changed how I work. What more can a book do?"};

}  // namespace

std::span<const Genre> Genres() {
  return kGenres;
}

Words FirstNames() {
  return kFirstNames;
}

Words LastNames() {
  return kLastNames;
}

Words Publishers() {
  return kPublishers;
}

Words Sellers() {
  return kSellers;
}

Words ReviewTitles(int rating) {
  constexpr Words kTitles[] = {kTitles1, kTitles2, kTitles3, kTitles4, kTitles5};
  return kTitles[rating - 1];
}

Words ReviewBodies(int rating) {
  constexpr Words kBodies[] = {kBodies1, kBodies2, kBodies3, kBodies4, kBodies5};
  return kBodies[rating - 1];
}

}  // namespace shop::seed
