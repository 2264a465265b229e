#ifndef PORTICO_TESTS_SCHEMA_TEMP_FOLDER_H_
#define PORTICO_TESTS_SCHEMA_TEMP_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace portico::testing {

// A fresh folder under the system's folder for temporary files; goes with everything in it.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "portico_XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  // Writes a file, and the folders on the way to it. Returns its path.
  std::string Write(const std::string& name, const std::string& content) const {
    const std::filesystem::path file = Path(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file.string();
  }

 private:
  std::string path_;
};

}  // namespace portico::testing

#endif  // PORTICO_TESTS_SCHEMA_TEMP_FOLDER_H_
