// The words the world is made of.
#ifndef PORTICO_SERVICES_SEED_WORDS_H_
#define PORTICO_SERVICES_SEED_WORDS_H_

#include <span>
#include <string_view>

namespace shop::seed {

using Words = std::span<const std::string_view>;

// What titles, descriptions and tags of one category are made of. In titles and descriptions "{t}" is a topic, "{n}"
// a noun, "{a}" an adjective; {t} of a description is that of the title.
struct Genre {
  std::string_view category;
  Words titles;
  Words topics;
  Words nouns;
  Words adjectives;
  Words descriptions;
  Words tags;
};

// All genres; a category may have several.
std::span<const Genre> Genres();

Words FirstNames();
Words LastNames();
Words Publishers();
Words Sellers();

// Headlines and texts of reviews, for 1 to 5 stars.
Words ReviewTitles(int rating);
Words ReviewBodies(int rating);

}  // namespace shop::seed

#endif  // PORTICO_SERVICES_SEED_WORDS_H_
